import type { Deployment } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';
import type { CreateOptions } from './create.ts';
import { addCommon, addList, type CommonOptions, several } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import { addVerbHelp } from '../fleet/verb-help.ts';
import { DEPLOYMENT } from '../fleet/json-shapes.ts';
import type { RegisterNoun } from '../nouns.ts';
import { alsoCalled } from '../option-names.ts';

const COLUMNS: readonly EntityColumn<Deployment>[] = [
  { title: 'deployment', value: (entity) => entity.deploymentId },
  { title: 'sequence', value: (entity) => entity.sequence, align: 'right' },
  { title: 'name', value: (entity) => entity.name },
  {
    title: 'components',
    value: ({ components }) => components.map((one) => `${one.packageId}@${one.version}`),
  },
  { title: 'restores', value: (entity) => entity.restores },
  { title: 'createdAtMs', value: (entity) => entity.createdAtMs },
];

/** `otakit deployment …`: bundles of artifacts. */
export const registerDeployment: RegisterNoun = (noun, { context }) => {
  addCommon(alsoCalled(noun.command('create'), { '--component': '--components' }))
    .description('Bundle artifacts, at most one per package. A deployment never changes.')
    .option('--components <package@version>', 'or an artifact id; repeatable', several)
    .option(
      '--restores <deployment>',
      'the same artifacts as an older deployment, under a new number',
    )
    .option('--name <text>', 'for people')
    .addHelpText('after', CREATE_HELP)
    .action(async (options: CreateOptions) => {
      const { create } = await import('./create.ts');
      await create(options, context);
    });

  addList(noun.command('list'))
    .description('List the deployments.')
    .option('--artifact <artifact>', 'only with this artifact')
    .action(async (options: ListOptions & { artifact?: string }) => {
      const { list } = await import('../fleet/verb.ts');
      await list('/deployments', COLUMNS, { artifactId: options.artifact }, options, context);
    });

  addCommon(noun.command('show').argument('<deployment>', 'its id'))
    .description('Show one deployment.')
    .action(async (deploymentId: string, options: CommonOptions) => {
      const { segment, show } = await import('../fleet/verb.ts');
      await show(`/deployments/${segment(deploymentId)}`, options, context);
    });

  addVerbHelp(noun, DEPLOYMENT, {
    create: [],
    list: ['--sort -sequence', '--artifact art_k3v5…'],
    show: ['dep_k3v5…'],
  });
};

const CREATE_HELP = `
Nothing is delivered yet: \`otakit rollout start\` delivers it to a cohort in stages, \`otakit cohort
update --deployment\` at once, \`otakit release create\` to devices by blueprint and tags.

Examples:
  otakit deployment create --components main@1.1.0
  otakit deployment create --components main@1.1.0 --components modem@4.1 --name spring
  otakit deployment create --restores dep_k3v5…`;
