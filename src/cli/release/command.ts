import { Option } from 'commander';
import type { Release } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';
import { addCommon, addList, type CommonOptions, several } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import { addVerbHelp } from '../fleet/verb-help.ts';
import { RELEASE } from '../fleet/json-shapes.ts';
import type { RegisterNoun } from '../nouns.ts';
import { alsoCalled } from '../option-names.ts';
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
  readonly addReleaseTag?: readonly string[];
  readonly removeReleaseTag?: readonly string[];
  readonly tags?: readonly string[];
  readonly addTag?: readonly string[];
  readonly removeTag?: readonly string[];
}

/** As goliothctl has them, and in the singular. */
const OTHER_NAMES = {
  '--component': '--components',
  '--tag': '--tags',
  '--release-tag': '--release-tags',
  '--add-device-tag': '--add-tag',
  '--rm-device-tag': '--remove-tag',
  '--rm-release-tag': '--remove-release-tag',
};

/** `otakit release …`: deployments aimed by blueprint and tags. */
export const registerRelease: RegisterNoun = (noun, { context }) => {
  addCommon(alsoCalled(noun.command('create'), OTHER_NAMES))
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

  addList(alsoCalled(noun.command('list'), OTHER_NAMES))
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

  addCommon(alsoCalled(noun.command('update'), OTHER_NAMES).argument('<release>', 'its id'))
    .description('Switch a release on or off, or change its tags.')
    .addOption(rolloutSwitch())
    .option('--release-tags <tag>', 'replaces its names; repeatable', several)
    .option('--add-release-tag <tag>', 'one more name; repeatable', several)
    .option('--remove-release-tag <tag>', 'one name less; repeatable', several)
    .option('--tags <tag>', 'replaces the tags of devices; repeatable', several)
    .option('--add-tag <tag>', 'devices need this tag, too; repeatable', several)
    .option('--remove-tag <tag>', 'devices no longer need this tag; repeatable', several)
    .addHelpText('after', UPDATE_HELP)
    .action(async (releaseId: string, options: UpdateOptions) => {
      const { change, segment } = await import('../fleet/verb.ts');
      const { rollout } = options;
      const body = {
        enabled: rollout === undefined ? undefined : rollout === 'true',
        releaseTags: options.releaseTags,
        addReleaseTags: options.addReleaseTag,
        removeReleaseTags: options.removeReleaseTag,
        deviceTags: options.tags,
        addDeviceTags: options.addTag,
        removeDeviceTags: options.removeTag,
      };
      await change('patch', `/releases/${segment(releaseId)}`, body, options, context);
    });

  addCommon(noun.command('delete').argument('<release>', 'its id'))
    .description('Remove a release. Devices keep what they run.')
    .action(async (releaseId: string, options: CommonOptions) => {
      const { remove, segment } = await import('../fleet/verb.ts');
      await remove(`/releases/${segment(releaseId)}`, `release ${releaseId}`, options, context);
    });

  addVerbHelp(noun, RELEASE, {
    create: [],
    list: ['--rollout true', '--tags beta --sort -sequence'],
    show: ['rel_k3v5…'],
    update: ['rel_k3v5… --rollout true', 'rel_k3v5… --tags beta --tags indoor'],
    delete: ['rel_k3v5…'],
  });
};

function rolloutSwitch(description = 'switched on or off'): Option {
  return new Option('--rollout <true|false>', description).choices(['true', 'false']);
}

const UPDATE_HELP = `
What goliothctl calls --addDeviceTag, --rmDeviceTag, --addReleaseTag and --rmReleaseTag is understood, too.

Example:
  otakit release update rel_k3v5… --add-tag beta --remove-tag alpha --rollout true`;

const CREATE_HELP = `
Of all releases that are switched on and match a device, the newest counts; its own deployment and
that of its cohort come first. Switching a release off gives the devices back to the one before it.

Example:
  otakit release create --components main@1.1.0 --tags beta --blueprint sensor-v2 --rollout true`;
