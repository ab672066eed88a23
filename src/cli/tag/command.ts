import { addCommon, addList, type CommonOptions } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import { addVerbHelp } from '../fleet/verb-help.ts';
import { TAG } from '../fleet/json-shapes.ts';
import type { RegisterNoun } from '../nouns.ts';

/** `otakit tag …`: labels of devices. */
export const registerTag: RegisterNoun = (noun, { context }) => {
  addCommon(noun.command('create').argument('<tag>', 'the label'))
    .description('Add a label that devices may carry.')
    .option('--description <text>', 'what it stands for')
    .action(async (tag: string, options: CommonOptions & { description?: string }) => {
      const { change } = await import('../fleet/verb.ts');
      await change('post', '/tags', { tag, description: options.description }, options, context);
    });

  addList(noun.command('list'))
    .description('List the tags and how many devices have each.')
    .action(async (options: ListOptions) => {
      const { list } = await import('../fleet/verb.ts');
      const columns = (['tag', 'devices', 'description'] as const).map((title) => ({
        title,
        value: (entity: Readonly<Record<string, unknown>>) => entity[title],
      }));
      await list('/tags', columns, {}, options, context);
    });

  addCommon(noun.command('delete').argument('<tag>', 'the label'))
    .description('Remove a label that no device and no release has.')
    .action(async (tag: string, options: CommonOptions) => {
      const { remove, segment } = await import('../fleet/verb.ts');
      await remove(`/tags/${segment(tag)}`, `tag ${tag}`, options, context);
    });

  addVerbHelp(noun, TAG, {
    create: ['beta --description "gets releases first"'],
    list: [''],
    delete: ['beta'],
  });
};
