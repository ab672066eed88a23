import type { Webhook } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';
import { addCommon, addList, type CommonOptions, several } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import { addVerbHelp } from '../fleet/verb-help.ts';
import { WEBHOOK } from '../fleet/json-shapes.ts';
import type { RegisterNoun } from '../nouns.ts';

const COLUMNS: readonly EntityColumn<Webhook>[] = [
  { title: 'webhook', value: (entity) => entity.webhookId },
  { title: 'url', value: (entity) => entity.url },
  { title: 'events', value: (entity) => entity.eventTypes },
  { title: 'enabled', value: (entity) => entity.enabled },
  { title: 'failures', value: (entity) => entity.failures, align: 'right' },
  { title: 'last error', value: (entity) => entity.lastError },
];

interface CreateOptions extends CommonOptions {
  readonly event?: readonly string[];
}

/** `otakit webhook …`: addresses that are told about events. */
export const registerWebhook: RegisterNoun = (noun, { context }) => {
  addCommon(noun.command('create').argument('<url>', 'https address that takes a POST'))
    .description('Tell an address about events; prints the secret that signs them, once.')
    .option('--event <type>', 'rollout.paused, rollout.*, or * for all; repeatable', several)
    .action(async (url: string, options: CreateOptions) => {
      const { change } = await import('../fleet/verb.ts');
      const eventTypes = options.event ?? ['*'];
      await change('post', '/webhooks', { url, eventTypes }, options, context);
    });

  addList(noun.command('list'))
    .description('List the webhooks and how their deliveries go.')
    .action(async (options: ListOptions) => {
      const { list } = await import('../fleet/verb.ts');
      await list('/webhooks', COLUMNS, {}, options, context);
    });

  for (const verb of ['enable', 'disable'] as const) {
    addCommon(noun.command(verb).argument('<webhook>', 'its id'))
      .description(`${verb === 'enable' ? 'Deliver to it again' : 'Deliver nothing to it'}.`)
      .action(async (webhookId: string, options: CommonOptions) => {
        const { change, segment } = await import('../fleet/verb.ts');
        const body = { enabled: verb === 'enable' };
        await change('patch', `/webhooks/${segment(webhookId)}`, body, options, context);
      });
  }

  addCommon(noun.command('delete').argument('<webhook>', 'its id'))
    .description('Remove a webhook.')
    .action(async (webhookId: string, options: CommonOptions) => {
      const { remove, segment } = await import('../fleet/verb.ts');
      await remove(`/webhooks/${segment(webhookId)}`, `webhook ${webhookId}`, options, context);
    });

  addVerbHelp(noun, WEBHOOK, {
    create: {
      examples: ['https://example.com/hook --event rollout.paused --event rollout.failed'],
      json: `${WEBHOOK}, secret`,
    },
    list: [''],
    enable: ['whk_k3v5…'],
    disable: ['whk_k3v5…'],
    delete: ['whk_k3v5…'],
  });
};
