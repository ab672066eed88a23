import { Option } from 'commander';
import type { Command as DeviceCommand } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';
import {
  addCommon,
  addList,
  type CommonOptions,
  countOption,
  durationOption,
  parseJson,
} from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import { addVerbHelp } from '../fleet/verb-help.ts';
import { COMMAND } from '../fleet/json-shapes.ts';
import type { RegisterNoun } from '../nouns.ts';

const COLUMNS: readonly EntityColumn<DeviceCommand>[] = [
  { title: 'command', value: (entity) => entity.commandId },
  { title: 'device', value: (entity) => entity.deviceId },
  { title: 'name', value: (entity) => entity.name },
  { title: 'state', value: (entity) => entity.state },
  { title: 'deliveries', value: (entity) => entity.deliveries, align: 'right' },
  { title: 'createdAtMs', value: (entity) => entity.createdAtMs },
  { title: 'expiresAtMs', value: (entity) => entity.expiresAtMs },
];

interface SendOptions extends CommonOptions {
  readonly payload?: string;
  readonly expires?: string;
  readonly maxDeliveries?: string;
}

/** `otakit command …`: instructions that wait for their device. */
export const registerCommand: RegisterNoun = (noun, { context }) => {
  addCommon(noun.command('send').alias('create').argument('<device>', 'id of the device'))
    .description('Queue a command; it is delivered when the device next connects.')
    .argument('<name>', 'ota_start, ota_rollback, reboot, or a word of your own')
    .option('--payload <json>', 'what goes with it, at most 4 KiB')
    .option('--expires <duration>', 'give up after this long, such as 1h or 7d')
    .option('--max-deliveries <number>', 'how often it is tried')
    .action(async (deviceId: string, name: string, options: SendOptions) => {
      const { change, segment } = await import('../fleet/verb.ts');
      const { payload, expires, maxDeliveries } = options;
      const body = {
        name,
        payload: payload === undefined ? undefined : parseJson(payload),
        expiresInMs: durationOption('--expires', expires),
        maxDeliveries: countOption('--max-deliveries', maxDeliveries),
      };
      const path = `/devices/${segment(deviceId)}/commands`;
      await change('post', path, body, options, context);
    });

  addList(noun.command('list'))
    .description('List commands.')
    .option('--device <device>', 'only for this device')
    .addOption(
      new Option('--state <state>', 'only in this state').choices([
        'queued',
        'delivered',
        'succeeded',
        'failed',
        'expired',
        'cancelled',
      ]),
    )
    .action(async (options: ListOptions & { device?: string; state?: string }) => {
      const { list } = await import('../fleet/verb.ts');
      const query = { deviceId: options.device, states: options.state };
      await list('/commands', COLUMNS, query, options, context);
    });

  addCommon(noun.command('show').argument('<command>', 'its id'))
    .description('Show one command and what the device answered.')
    .action(async (commandId: string, options: CommonOptions) => {
      const { segment, show } = await import('../fleet/verb.ts');
      await show(`/commands/${segment(commandId)}`, options, context);
    });

  addCommon(noun.command('cancel').argument('<command>', 'its id'))
    .description('Take back a command that has not been done.')
    .action(async (commandId: string, options: CommonOptions) => {
      const { change, segment } = await import('../fleet/verb.ts');
      await change('post', `/commands/${segment(commandId)}/cancel`, {}, options, context);
    });

  addVerbHelp(noun, COMMAND, {
    send: ['a0b1c2d3e4f5 reboot --expires 1h', `a0b1c2d3e4f5 blink --payload '{"seconds": 5}'`],
    list: ['--device a0b1c2d3e4f5', '--state queued'],
    show: ['cmd_k3v5…'],
    cancel: ['cmd_k3v5…'],
  });
};
