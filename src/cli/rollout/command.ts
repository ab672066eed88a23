import type { Command } from 'commander';
import { Option } from 'commander';
import type { Rollout } from '../../fleet/index.ts';
import { addCommon, addList, type CommonOptions, several } from '../fleet/options.ts';
import type { ListOptions } from '../fleet/verb.ts';
import { addVerbHelp, listOf } from '../fleet/verb-help.ts';
import { ROLLOUT, ROLLOUT_DEVICE, ROLLOUT_LOG } from '../fleet/json-shapes.ts';
import type { RegisterNoun } from '../nouns.ts';
import { alsoCalled } from '../option-names.ts';
import { ROLLOUT_COLUMNS } from './columns.ts';
import type { StartOptions } from './start.ts';
import type { WatchOptions } from './watch.ts';

const STATES: readonly Rollout['state']['kind'][] = [
  'pending',
  'active',
  'paused',
  'rolling-back',
  'completed',
  'failed',
];

interface Reason extends CommonOptions {
  readonly reason?: string;
}

/** `otakit rollout …`: staged deliveries. */
export const registerRollout: RegisterNoun = (noun, { context, setExitCode }) => {
  addCommon(alsoCalled(noun.command('start'), { '--component': '--components' }))
    .description('Deliver a deployment to a cohort in stages.')
    .option('--deployment <deployment>', 'what is delivered')
    .option('--components <package@version>', 'or the artifacts themselves; repeatable', several)
    .requiredOption('--cohort <cohort>', 'who receives it')
    .option('--canary <percent>', 'how much of the cohort goes first', '5%')
    .option('--step <percent>', 'how much more at each step; 100% for all the rest', '10%')
    .option('--every <duration>', 'from one step to the next, such as 4h', '4h')
    .option('--failure-threshold <percent>', 'stop above this much failed', '5%')
    .option(
      '--min-sample <number>',
      'finished devices before the threshold counts; as many as the canary, at most 10',
    )
    .option('--soak <duration>', 'how long a device must keep running it to count', '10m')
    .option('--device-timeout <duration>', 'from offered to booted', '1h')
    .option('--rollback-to <deployment>', 'the way back; what the cohort runs now otherwise')
    .option('--auto-rollback', 'take the updated devices back when the threshold stops it')
    .option('--window <from-to>', 'offer only in these hours, such as 01:00-05:00')
    .option('--time-zone <zone>', 'of the window, such as Europe/Berlin; that of this machine')
    .option('--max-concurrent <number>', 'devices that update at the same time')
    .option('--supersede', 'end a rollout that still runs on the cohort')
    .option('--watch', 'go on as `rollout watch` does')
    .addHelpText('after', START_HELP)
    .action(async (options: StartOptions) => {
      const { start } = await import('./start.ts');
      await start(options, { context, setExitCode });
    });

  addList(noun.command('list'))
    .description('List the rollouts.')
    .option('--cohort <cohort>', 'only of this cohort')
    .addOption(new Option('--state <state>', 'only in this state').choices(STATES))
    .action(async (options: ListOptions & { cohort?: string; state?: string }) => {
      const { list } = await import('../fleet/verb.ts');
      const query = { cohortId: options.cohort, states: options.state };
      await list('/rollouts', ROLLOUT_COLUMNS, query, options, context);
    });

  onRollout(noun.command('status').alias('show'))
    .description('Show where a rollout stands, and the devices that need a look.')
    .action(async (rolloutId: string, options: CommonOptions) => {
      const { status } = await import('./status.ts');
      await status(rolloutId, options, context);
    });

  onRollout(noun.command('watch'))
    .description('Follow a rollout to its end; exit status 6 when it failed.')
    .option('--all', 'also each step of each device that goes well')
    .action(async (rolloutId: string, options: WatchOptions) => {
      const { watch } = await import('./watch.ts');
      await watch(rolloutId, options, { context, setExitCode });
    });

  addList(noun.command('devices').argument('<rollout>', 'its id, or "latest"'))
    .description('List the devices of a rollout, each with its state and why.')
    .option('--state <state>', 'only in this state; repeatable', several)
    .action(async (rolloutId: string, options: ListOptions & { state?: readonly string[] }) => {
      const { devices } = await import('./status.ts');
      await devices(rolloutId, options, context);
    });

  for (const [verb, description] of [
    ['pause', 'Offer it to nobody further; devices that are at it go on.'],
    ['rollback', 'Take the devices that were offered it back to what they had.'],
  ] as const) {
    onRollout(noun.command(verb))
      .description(description)
      .option('--reason <text>', 'why, for those who look later')
      .action(async (rolloutId: string, options: Reason) => {
        const { steer } = await import('./status.ts');
        await steer(verb, rolloutId, { reason: options.reason }, options, context);
      });
  }

  for (const [verb, description] of [
    ['resume', 'Go on after a pause.'],
    ['advance', 'Begin the next step now.'],
    ['retry-failed', 'Offer it again to the devices that failed.'],
  ] as const) {
    onRollout(noun.command(verb))
      .description(description)
      .action(async (rolloutId: string, options: CommonOptions) => {
        const { steer } = await import('./status.ts');
        await steer(verb, rolloutId, {}, options, context);
      });
  }

  addVerbHelp(noun, ROLLOUT, {
    start: { examples: [], json: `${ROLLOUT}; with --watch what \`rollout watch\` prints` },
    list: ['--cohort production', '--state active --json'],
    status: ['latest'],
    watch: {
      examples: ['latest', 'rol_k3v5… --all'],
      json: `one object per line as things happen: ${ROLLOUT_LOG}`,
    },
    devices: {
      examples: ['latest --state failed --state rolled-back'],
      json: listOf(ROLLOUT_DEVICE),
    },
    pause: ['latest --reason "support is asleep"'],
    resume: ['latest'],
    advance: ['latest'],
    rollback: ['latest --reason "doors stay shut"'],
    'retry-failed': { examples: ['latest'], json: `rollout{${ROLLOUT}}, devices` },
  });
};

function onRollout(command: Command): Command {
  return addCommon(command.argument('<rollout>', 'its id, or "latest"'));
}

const START_HELP = `
A device counts as succeeded when it has booted the new version and still runs it after --soak; one
that comes back with its old image counts as failed. Who goes first is decided by a hash of device and
rollout: raising the percentage only ever adds devices.

A step is over after --every, once nobody is under way, at least half of the devices that are in
have finished, and at least one of them succeeded: a canary in which nobody calls widens nothing.
Devices that sleep are waited for a day longer at most, and \`rollout advance\` waits for nobody.
\`rollout status\` says what a step still waits for.

In a cohort that is empty the canary waits for devices: it is taken from those that join, as soon as
--canary of them is one device, or of fewer after five minutes. Where nobody of a canary can have it,
another one of the same size follows; never everybody at once.

--failure-threshold counts failed devices in percent of the finished ones, from --min-sample of
them on (by default as many as the canary has, at most 10). Devices in their soak are taken for
successes until they prove otherwise. Those that still download or install are not counted at all,
and a failure often shows sooner than a success: where many begin at the same time, the first to
finish may fail more often than all of them will. For a large first step, or one without a canary,
give --min-sample such as a tenth of its devices, or let fewer begin at a time: --max-concurrent.
It says "paused by threshold" then; \`rollout resume\` goes on, and what was seen does not stop it
again: only a further failure does.

Example:
  otakit rollout start --components main@1.1.0 --cohort production --canary 5% --step 10% \\
    --every 4h --failure-threshold 5% --auto-rollback --watch`;
