import { addCommon, addList, type CommonOptions } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import type { Blueprint } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';
import { addVerbHelp } from '../fleet/verb-help.ts';
import { BLUEPRINT } from '../fleet/json-shapes.ts';
import type { RegisterNoun } from '../nouns.ts';
import type { CreateOptions } from './create.ts';

const COLUMNS: readonly EntityColumn<Blueprint>[] = [
  { title: 'blueprint', value: (entity) => entity.blueprintId },
  { title: 'chip', value: (entity) => entity.chip },
  { title: 'flashSizeBytes', value: (entity) => entity.flashSizeBytes, align: 'right' },
  { title: 'description', value: (entity) => entity.description },
];

/** `otakit blueprint …`: hardware classes. */
export const registerBlueprint: RegisterNoun = (noun, { context }) => {
  addCommon(noun.command('create').argument('<blueprint>', 'its id, such as sensor-v2'))
    .description('Add a hardware class: chip, flash size and partition table.')
    .requiredOption(
      '-p, --partitions <table>',
      'partition table: CSV, binary, or an image of the whole flash',
    )
    .requiredOption('-c, --chip <chip>', 'such as esp32c3')
    .option('--flash-size <size>', 'such as 4MB', '4MB')
    .option('--description <text>', 'what it is')
    .action(async (blueprintId: string, options: CreateOptions) => {
      const { create } = await import('./create.ts');
      await create(blueprintId, options, context);
    });

  addList(noun.command('list'))
    .description('List the blueprints.')
    .option('-c, --chip <chip>', 'only with this chip')
    .action(async (options: ListOptions & { chip?: string }) => {
      const { list } = await import('../fleet/verb.ts');
      const { chipOption } = await import('../chip-option.ts');
      const chip = options.chip === undefined ? undefined : chipOption(options.chip);
      await list('/blueprints', COLUMNS, { chip }, options, context);
    });

  addCommon(noun.command('show').argument('<blueprint>', 'its id'))
    .description('Show one blueprint with its partition table.')
    .action(async (blueprintId: string, options: CommonOptions) => {
      const { segment, show } = await import('../fleet/verb.ts');
      await show(`/blueprints/${segment(blueprintId)}`, options, context);
    });

  addCommon(noun.command('update').argument('<blueprint>', 'its id'))
    .description('Change the description; another table is another blueprint.')
    .requiredOption('--description <text>', 'what it is')
    .action(async (blueprintId: string, options: CommonOptions & { description: string }) => {
      const { change, segment } = await import('../fleet/verb.ts');
      const body = { description: options.description };
      await change('patch', `/blueprints/${segment(blueprintId)}`, body, options, context);
    });

  addCommon(noun.command('delete').argument('<blueprint>', 'its id'))
    .description('Remove a blueprint that no device and no artifact has.')
    .action(async (blueprintId: string, options: CommonOptions) => {
      const { remove, segment } = await import('../fleet/verb.ts');
      const path = `/blueprints/${segment(blueprintId)}`;
      await remove(path, `blueprint ${blueprintId}`, options, context);
    });

  addVerbHelp(noun, BLUEPRINT, {
    create: [
      'sensor-v2 --chip esp32c3 --partitions partitions.csv',
      'gateway --chip esp32s3 --flash-size 16MB -p build/partition_table/partition-table.bin',
    ],
    list: ['', '--chip esp32c3'],
    show: ['sensor-v2'],
    update: ['sensor-v2 --description "with the larger battery"'],
    delete: ['sensor-v1'],
  });
};
