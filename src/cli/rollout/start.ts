import { CliError } from '../codes.ts';
import { checkChoice, type DeploymentChoice } from '../deployment/deployment-choice.ts';
import { durationOption } from '../duration-option.ts';
import { type CommonOptions, countOption, percentOption } from '../fleet/options.ts';
import { report, withFleet } from '../fleet/verb.ts';
import type { Cli } from '../nouns.ts';
import { rolloutText, type ShownRollout } from './rollout-text.ts';
import { watch } from './watch.ts';

/** The API takes no more either. */
const MOST_DEVICES = 1_000_000_000;
const LONGEST_MS = 366 * 24 * 3_600_000;

/** What `rollout start` takes. */
export interface StartOptions extends CommonOptions, DeploymentChoice {
  readonly cohort: string;
  readonly canary: string;
  readonly step: string;
  readonly every: string;
  readonly failureThreshold: string;
  readonly minSample?: string;
  readonly soak: string;
  readonly deviceTimeout: string;
  readonly rollbackTo?: string;
  readonly autoRollback?: boolean;
  readonly window?: string;
  readonly timeZone?: string;
  readonly maxConcurrent?: string;
  readonly supersede?: boolean;
  readonly watch?: boolean;
}

/** `otakit rollout start`. */
export async function start(options: StartOptions, cli: Cli): Promise<void> {
  checkChoice(options);
  const plan = planOf(options);
  const rollout = await withFleet(options, cli.context, (api) =>
    api.post<ShownRollout>('/rollouts', plan),
  );
  if (options.watch !== true || options.json !== true) {
    report(cli.context, options, rollout, rolloutText(rollout));
  }
  if (options.watch === true) await watch(rollout.rolloutId, options, cli);
}

/** A duration of whole milliseconds that a rollout can wait for. */
function timeOption(option: string, text: string, leastMs: number): number {
  const durationMs = durationOption(option, text);
  if (durationMs >= leastMs && durationMs <= LONGEST_MS && Number.isInteger(durationMs)) {
    return durationMs;
  }
  const least = leastMs === 0 ? 'no time' : `${leastMs}ms`;
  throw new CliError('cli/usage', `${option} ${text} is not from ${least} to 366d`, {
    hint: 'Write whole milliseconds, seconds, minutes, hours or days, such as 4h.',
  });
}

/** The options as the API has them. */
function planOf(options: StartOptions): Readonly<Record<string, unknown>> {
  const { minSample, maxConcurrent } = options;
  return {
    deploymentId: options.deployment,
    components: options.components,
    cohortId: options.cohort,
    canaryPercent: percentOption('--canary', options.canary, 0.01),
    stepPercent: percentOption('--step', options.step, 0.01),
    phaseMs: timeOption('--every', options.every, 1),
    failureThresholdPercent: percentOption('--failure-threshold', options.failureThreshold, 0),
    minSample: countOption('--min-sample', minSample, 0, MOST_DEVICES),
    soakMs: timeOption('--soak', options.soak, 0),
    deviceTimeoutMs: timeOption('--device-timeout', options.deviceTimeout, 1),
    rollbackDeploymentId: options.rollbackTo,
    autoRollback: options.autoRollback === true,
    window: windowOf(options),
    maxConcurrent: countOption('--max-concurrent', maxConcurrent, 1, MOST_DEVICES),
    supersede: options.supersede === true ? true : undefined,
  };
}

/** `01:00-05:00` as minutes after midnight. */
function windowOf({ window: text, timeZone }: StartOptions) {
  if (text === undefined) {
    if (timeZone === undefined) return undefined;
    throw new CliError('cli/usage', '--time-zone without --window says nothing', {
      hint: 'Such as --window 01:00-05:00 --time-zone Europe/Berlin.',
    });
  }
  const parts = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/.exec(text)?.slice(1).map(Number);
  const [fromHour = 24, fromMinute = 0, toHour = 24, toMinute = 0] = parts ?? [];
  if (fromHour > 23 || fromMinute > 59 || toHour > 23 || toMinute > 59) {
    throw new CliError('cli/usage', `"${text}" is not a time of day from … to …`, {
      hint: 'Write it as 01:00-05:00; a window may pass midnight, such as 22:00-04:00.',
    });
  }
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  if (from === to) {
    throw new CliError('cli/usage', `a window of ${text} is no time at all, or all of it`, {
      hint: 'Leave --window out to offer it at any time.',
    });
  }
  return {
    fromMinute: from,
    toMinute: to,
    timeZone: timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}
