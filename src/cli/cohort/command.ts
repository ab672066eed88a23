import type { Cohort } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';
import { addCommon, addList, type CommonOptions, several } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import { addVerbHelp } from '../fleet/verb-help.ts';
import { COHORT, DEVICE } from '../fleet/json-shapes.ts';
import type { RegisterNoun } from '../nouns.ts';
import type { UpdateOptions } from './update.ts';

const COLUMNS: readonly EntityColumn<Cohort>[] = [
  { title: 'cohort', value: (entity) => entity.cohortId },
  { title: 'active deployment', value: (entity) => entity.activeDeploymentId },
  { title: 'description', value: (entity) => entity.description },
];

interface Fields extends CommonOptions {
  readonly description?: string;
}

/** `otakit cohort …`: devices that receive the same deployments. */
export const registerCohort: RegisterNoun = (noun, { context }) => {
  addCommon(noun.command('create').argument('<cohort>', 'its id, such as production'))
    .description('Add a cohort.')
    .option('--description <text>', 'who is in it')
    .action(async (cohortId: string, options: Fields) => {
      const { change } = await import('../fleet/verb.ts');
      const { description } = options;
      await change('post', '/cohorts', { cohortId, description }, options, context);
    });

  addList(noun.command('list'))
    .description('List the cohorts.')
    .action(async (options: ListOptions) => {
      const { list } = await import('../fleet/verb.ts');
      await list('/cohorts', COLUMNS, {}, options, context);
    });

  addCommon(noun.command('show').argument('<cohort>', 'its id'))
    .description('Show one cohort.')
    .action(async (cohortId: string, options: CommonOptions) => {
      const { segment, show } = await import('../fleet/verb.ts');
      await show(`/cohorts/${segment(cohortId)}`, options, context);
    });

  addCommon(noun.command('update').argument('<cohort>', 'its id'))
    .description('Change what is said about a cohort, or what all of it runs, at once.')
    .option('--description <text>', 'who is in it')
    .option('--deployment <deployment>', 'deliver this to all of its devices, without stages')
    .option('--components <package@version>', 'or these artifacts; repeatable', several)
    .action(async (cohortId: string, options: UpdateOptions) => {
      const { update } = await import('./update.ts');
      await update(cohortId, options, context);
    });

  const members = [
    ['add', 'Put devices into a cohort; each leaves the one that it was in.'],
    ['drop', 'Take devices out of a cohort. They keep what they run.'],
  ] as const;
  for (const [verb, description] of members) {
    addCommon(noun.command(verb).argument('<cohort>', 'its id'))
      .description(description)
      .argument('<device...>', 'ids of devices')
      .action(async (cohortId: string, deviceIds: readonly string[], options: CommonOptions) => {
        const { moveDevices } = await import('./move-devices.ts');
        await moveDevices(verb, cohortId, deviceIds, options, context);
      });
  }

  addCommon(noun.command('delete').argument('<cohort>', 'its id'))
    .description('Remove a cohort that has no devices.')
    .action(async (cohortId: string, options: CommonOptions) => {
      const { remove, segment } = await import('../fleet/verb.ts');
      await remove(`/cohorts/${segment(cohortId)}`, `cohort ${cohortId}`, options, context);
    });

  addVerbHelp(noun, COHORT, {
    create: ['production --description "all that is sold"'],
    list: [''],
    show: ['production'],
    update: ['production --components main@1.1.0', 'bench --deployment dep_k3v5…'],
    add: { examples: ['bench a0b1c2d3e4f5 a0b1c2d3e4f6'], json: `[]{${DEVICE}}` },
    drop: { examples: ['bench a0b1c2d3e4f5'], json: `[]{${DEVICE}}` },
    delete: ['bench'],
  });
};
