import type { Device } from '../../fleet/index.ts';
import type { EntityColumn } from '../fleet/entity-table.ts';
import { addCommon, addList, type CommonOptions, several } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import { addVerbHelp } from '../fleet/verb-help.ts';
import { DEVICE, ROLLOUT_DEVICE } from '../fleet/json-shapes.ts';
import type { RegisterNoun } from '../nouns.ts';
import { alsoCalled } from '../option-names.ts';
import type { SecretOptions } from './secret.ts';

const COLUMNS: readonly EntityColumn<Device>[] = [
  { title: 'device', value: (entity) => entity.deviceId },
  { title: 'name', value: (entity) => entity.name },
  { title: 'blueprint', value: (entity) => entity.blueprintId },
  { title: 'cohort', value: (entity) => entity.cohortId },
  { title: 'tags', value: (entity) => entity.tags },
  {
    title: 'runs',
    value: ({ reported }) =>
      Object.entries(reported).map(([packageId, { version }]) => `${packageId}@${version}`),
  },
  { title: 'lastSeenAtMs', value: (entity) => entity.lastSeenAtMs },
  { title: 'enabled', value: (entity) => entity.enabled },
];

interface Filter extends ListOptions {
  readonly blueprint?: string;
  readonly cohort?: string;
  readonly tag?: readonly string[];
  readonly disabled?: boolean;
  readonly search?: string;
}

interface UpdateOptions extends CommonOptions {
  readonly name?: string;
  readonly blueprint?: string;
  readonly cohort?: string | false;
  readonly pin?: string | false;
  readonly addTag?: readonly string[];
  readonly removeTag?: readonly string[];
}

const OTHER_TAGS = {
  '--add-tags': '--add-tag',
  '--remove-tags': '--remove-tag',
  '--rm-tag': '--remove-tag',
  '--rm-tags': '--remove-tag',
  '--add-device-tag': '--add-tag',
  '--rm-device-tag': '--remove-tag',
};

/** `otakit device …`: boards. */
export const registerDevice: RegisterNoun = (noun, { context }) => {
  addCommon(
    alsoCalled(noun.command('create'), { '--tags': '--tag' }).argument(
      '<device>',
      'its id, often the MAC',
    ),
  )
    .description('Register a device and print its secret, once.')
    .option('--name <text>', 'for people')
    .option('--blueprint <blueprint>', 'its hardware')
    .option('--cohort <cohort>', 'the group it is in')
    .option('--tag <tag>', 'a label; repeatable', several)
    .option('--secret-file <file>', 'write the secret there instead of printing it')
    .action(async (deviceId: string, options: SecretOptions) => {
      const { create } = await import('./secret.ts');
      await create(deviceId, options, context);
    });

  addList(alsoCalled(noun.command('list'), { '--tags': '--tag' }))
    .description('List the devices.')
    .option('--blueprint <blueprint>', 'only this hardware')
    .option('--cohort <cohort>', 'only in this cohort')
    .option('--tag <tag>', 'only with this label; repeatable', several)
    .option('--disabled', 'only disabled ones')
    .option('--search <text>', 'only with this in id or name')
    .action(async (options: Filter) => {
      const { list } = await import('../fleet/verb.ts');
      const query = {
        blueprintId: options.blueprint,
        cohortId: options.cohort,
        tags: options.tag,
        search: options.search,
        enabled: options.disabled === true ? false : undefined,
      };
      await list('/devices', COLUMNS, query, options, context);
    });

  addCommon(noun.command('show').argument('<device>', 'its id'))
    .description('Show one device.')
    .action(async (deviceId: string, options: CommonOptions) => {
      const { segment, show } = await import('../fleet/verb.ts');
      await show(`/devices/${segment(deviceId)}`, options, context);
    });

  addCommon(noun.command('explain').argument('<device>', 'its id'))
    .description('Say what a device should run and why, and what became of its updates.')
    .action(async (deviceId: string, options: CommonOptions) => {
      const { segment, show } = await import('../fleet/verb.ts');
      await show(`/devices/${segment(deviceId)}/explanation`, options, context);
    });

  addCommon(alsoCalled(noun.command('update'), OTHER_TAGS).argument('<device>', 'its id'))
    .description('Change name, hardware, cohort, tags or pin of a device.')
    .option('--name <text>', 'for people')
    .option('--blueprint <blueprint>', 'its hardware')
    .option('--cohort <cohort>', 'the group it is in')
    .option('--no-cohort', 'take it out of its cohort')
    .option('--add-tag <tag>', 'a label; repeatable', several)
    .option('--remove-tag <tag>', 'a label; repeatable', several)
    .option('--pin <deployment>', 'it runs this, whatever its cohort does')
    .option('--no-pin', 'it runs what its cohort or a release says again')
    .action(async (deviceId: string, options: UpdateOptions) => {
      const { change, segment } = await import('../fleet/verb.ts');
      const body = {
        name: options.name,
        blueprintId: options.blueprint,
        cohortId: orNone(options.cohort),
        pinnedDeploymentId: orNone(options.pin),
        addTags: options.addTag,
        removeTags: options.removeTag,
      };
      await change('patch', `/devices/${segment(deviceId)}`, body, options, context);
    });

  for (const verb of ['enable', 'disable'] as const) {
    addCommon(noun.command(verb).argument('<device>', 'its id'))
      .description(
        `${verb === 'enable' ? 'Let in again' : 'Refuse at the door'}, with its data kept.`,
      )
      .action(async (deviceId: string, options: CommonOptions) => {
        const { change, segment } = await import('../fleet/verb.ts');
        const body = { enabled: verb === 'enable' };
        await change('patch', `/devices/${segment(deviceId)}`, body, options, context);
      });
  }

  addCommon(noun.command('rotate-secret').argument('<device>', 'its id'))
    .description('Make a new secret; the old one works until the device used the new one.')
    .option('--secret-file <file>', 'write the secret there instead of printing it')
    .action(async (deviceId: string, options: SecretOptions) => {
      const { rotate } = await import('./secret.ts');
      await rotate(deviceId, options, context);
    });

  addCommon(noun.command('delete').argument('<device>', 'its id'))
    .description('Forget a device.')
    .action(async (deviceId: string, options: CommonOptions) => {
      const { remove, segment } = await import('../fleet/verb.ts');
      await remove(`/devices/${segment(deviceId)}`, `device ${deviceId}`, options, context);
    });

  addVerbHelp(noun, DEVICE, {
    create: {
      examples: [
        'a0b1c2d3e4f5 --blueprint sensor-v2 --cohort production --secret-file a0b1c2d3e4f5.secret',
        'bench-1 --blueprint sensor-v2 --tag beta',
      ],
      json: `device{${DEVICE}}, secret; with --secret-file the device alone`,
    },
    list: ['--cohort production --sort -lastSeenAtMs', '--tag beta --disabled --json'],
    show: ['a0b1c2d3e4f5'],
    explain: {
      examples: ['a0b1c2d3e4f5'],
      json: `deploymentId, source, packages[]{packageId, reported, target, why}, history[]{${ROLLOUT_DEVICE}}`,
    },
    update: [
      'a0b1c2d3e4f5 --add-tag beta --cohort bench',
      'a0b1c2d3e4f5 --pin dep_k3v5…',
      'a0b1c2d3e4f5 --no-pin --no-cohort',
    ],
    enable: ['a0b1c2d3e4f5'],
    disable: ['a0b1c2d3e4f5'],
    'rotate-secret': {
      examples: ['a0b1c2d3e4f5 --secret-file a0b1c2d3e4f5.secret'],
      json: `device{${DEVICE}}, secret; with --secret-file the device alone`,
    },
    delete: ['a0b1c2d3e4f5'],
  });
};

/** `--no-x` sets it to nothing; leaving the option out leaves it as it is. */
function orNone(value: string | false | undefined): string | null | undefined {
  return value === false ? null : value;
}
