import { Option } from 'commander';
import type { Package } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';
import { addCommon, addList, type CommonOptions, parsePairs, several } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import { addVerbHelp } from '../fleet/verb-help.ts';
import { ARTIFACT, PACKAGE } from '../fleet/json-shapes.ts';
import type { RegisterNoun } from '../nouns.ts';

const COLUMNS: readonly EntityColumn<Package>[] = [
  { title: 'package', value: (entity) => entity.packageId },
  { title: 'kind', value: (entity) => entity.kind },
  { title: 'description', value: (entity) => entity.description },
];

interface Fields extends CommonOptions {
  readonly kind?: string;
  readonly description?: string;
  readonly metadata?: readonly string[];
}

/** `otakit package …`: what can be updated. */
export const registerPackage: RegisterNoun = (noun, { context }) => {
  addCommon(noun.command('create').argument('<package>', 'its id, such as main'))
    .description('Add a package.')
    .addOption(
      new Option('--kind <kind>', 'an app image is checked as one; a binary is only carried')
        .choices(['app-image', 'binary'])
        .default('app-image'),
    )
    .option('--description <text>', 'what it is')
    .option('--metadata <key=value>', 'a note for your own tools; repeatable', several)
    .action(async (packageId: string, options: Fields) => {
      const { change } = await import('../fleet/verb.ts');
      const { kind, description } = options;
      const metadata = parsePairs(options.metadata);
      await change(
        'post',
        '/packages',
        { packageId, kind, description, metadata },
        options,
        context,
      );
    });

  addList(noun.command('list'))
    .description('List the packages.')
    .addOption(new Option('--kind <kind>', 'only these').choices(['app-image', 'binary']))
    .action(async (options: ListOptions & { kind?: string }) => {
      const { list } = await import('../fleet/verb.ts');
      await list('/packages', COLUMNS, { kind: options.kind }, options, context);
    });

  addCommon(noun.command('show').argument('<package>', 'its id'))
    .description('Show one package and its versions.')
    .action(async (packageId: string, options: CommonOptions) => {
      const { showPackage } = await import('./show.ts');
      await showPackage(packageId, options, context);
    });

  addCommon(noun.command('update').argument('<package>', 'its id'))
    .description('Change what is said about a package.')
    .option('--description <text>', 'what it is')
    .option('--metadata <key=value>', 'replaces all notes; repeatable', several)
    .action(async (packageId: string, options: Fields) => {
      const { change, segment } = await import('../fleet/verb.ts');
      const metadata = options.metadata && parsePairs(options.metadata);
      const body = { description: options.description, metadata };
      await change('patch', `/packages/${segment(packageId)}`, body, options, context);
    });

  addCommon(noun.command('delete').argument('<package>', 'its id'))
    .description('Remove a package that has no artifacts.')
    .action(async (packageId: string, options: CommonOptions) => {
      const { remove, segment } = await import('../fleet/verb.ts');
      await remove(`/packages/${segment(packageId)}`, `package ${packageId}`, options, context);
    });

  addVerbHelp(noun, PACKAGE, {
    create: ['main --description "the door lock"', 'modem --kind binary --metadata team=radio'],
    list: ['', '--kind app-image --json'],
    show: { examples: ['main'], json: `${PACKAGE}, versions[]{${ARTIFACT}}` },
    update: ['main --description "the lock and its keypad"'],
    delete: ['modem'],
  });
};
