import { Option } from 'commander';
import type { Release } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';
import { addCommon, addList, type CommonOptions, several } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import type { RegisterNoun } from '../nouns.ts';
import type { CreateOptions } from './create.ts';

const COLUMNS: readonly EntityColumn<Release>[] = [
  { title: 'release', value: (entity) => entity.releaseId },
  { title: 'sequence', value: (entity) => entity.sequence, align: 'right' },
  { title: 'release tags', value: (entity) => entity.releaseTags },
  { title: 'rollout', value: (entity) => entity.enabled },
  { title: 'deployment', value: (entity) => entity.deploymentId },
  { title: 'blueprint', value: (entity) => entity.blueprintId ?? 'any' },
  { title: 'device tags', value: (entity) => entity.deviceTags },
];

interface UpdateOptions extends CommonOptions {
  readonly rollout?: string;
  readonly releaseTags?: readonly string[];
  readonly tags?: readonly string[];
}

/** `otakit release …`: deployments aimed by blueprint and tags. */
export const registerRelease: RegisterNoun = (noun, { context }) => {
  addCommon(noun.command('create'))
    .description('Aim artifacts at devices by blueprint and tags.')
    .option('--components <package@version>', 'what is in it; repeatable', several)
    .option('--deployment <deployment>', 'an existing bundle instead')
    .option('--release-tags <tag>', 'a name for people; repeatable', several)
    .option('--tags <tag>', 'devices with all of these tags; repeatable', several)
    .option('--blueprint <blueprint>', 'only this hardware')
    .addOption(rolloutSwitch().default('false'))
    .addHelpText('after', CREATE_HELP)
    .action(async (options: CreateOptions) => {
      const { create } = await import('./create.ts');
      await create(options, context);
    });

  addList(noun.command('list'))
    .description('List the releases.')
    .addOption(rolloutSwitch('only switched on, or off'))
    .option('--tags <tag>', 'only with this device tag')
    .action(async (options: ListOptions & { rollout?: string; tags?: string }) => {
      const { list } = await import('../fleet/verb.ts');
      const query = { enabled: options.rollout, tag: options.tags };
      await list('/releases', COLUMNS, query, options, context);
    });

  addCommon(noun.command('show').argument('<release>', 'its id'))
    .description('Show one release.')
    .action(async (releaseId: string, options: CommonOptions) => {
      const { segment, show } = await import('../fleet/verb.ts');
      await show(`/releases/${segment(releaseId)}`, options, context);
    });

  addCommon(noun.command('update').argument('<release>', 'its id'))
    .description('Switch a release on or off, or replace its tags.')
    .addOption(rolloutSwitch())
    .option('--release-tags <tag>', 'replaces its names; repeatable', several)
    .option('--tags <tag>', 'replaces the tags of devices; repeatable', several)
    .action(async (releaseId: string, options: UpdateOptions) => {
      const { change, segment } = await import('../fleet/verb.ts');
      const { rollout, releaseTags, tags: deviceTags } = options;
      const enabled = rollout === undefined ? undefined : rollout === 'true';
      const body = { enabled, releaseTags, deviceTags };
      await change('patch', `/releases/${segment(releaseId)}`, body, options, context);
    });

  addCommon(noun.command('delete').argument('<release>', 'its id'))
    .description('Remove a release. Devices keep what they run.')
    .action(async (releaseId: string, options: CommonOptions) => {
      const { remove, segment } = await import('../fleet/verb.ts');
      await remove(`/releases/${segment(releaseId)}`, `release ${releaseId}`, options, context);
    });
};

function rolloutSwitch(description = 'switched on or off'): Option {
  return new Option('--rollout <true|false>', description).choices(['true', 'false']);
}

const CREATE_HELP = `
Of all releases that are switched on and match a device, the newest counts; its own deployment and
that of its cohort come first. Switching a release off gives the devices back to the one before it.

Example:
  otakit release create --components main@1.1.0 --tags beta --blueprint sensor-v2 --rollout true`;
