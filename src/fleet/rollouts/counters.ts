import type { RolloutLogEntry } from '../repositories.ts';
import type { Rollout, RolloutCounters, RolloutDevice, RolloutDeviceState } from './rollout.ts';

/** From being offered something to having booted it. */
export const IN_FLIGHT: readonly RolloutDeviceState[] = [
  'offered',
  'downloading',
  'verifying',
  'installing',
  'rebooting',
];

/** Not finished, and not merely waiting either. */
export const UNDER_WAY: readonly RolloutDeviceState[] = [...IN_FLIGHT, 'soaking'];

/** Finished without running what it should. */
export const FAILED: readonly RolloutDeviceState[] = ['failed', 'rolled-back', 'timed-out'];

/** What a device has to go back from when a rollout is taken back: it may run the new image. */
export const WAS_OFFERED: readonly RolloutDeviceState[] = [...UNDER_WAY, 'succeeded', ...FAILED];

/** Before anybody did anything. */
export const NO_DEVICES: RolloutCounters = {
  scheduled: 0,
  offered: 0,
  downloading: 0,
  verifying: 0,
  installing: 0,
  rebooting: 0,
  soaking: 0,
  succeeded: 0,
  failed: 0,
  'rolled-back': 0,
  'timed-out': 0,
  skipped: 0,
};

/** How many devices are in any of the states. */
export function countOf(counters: RolloutCounters, states: readonly RolloutDeviceState[]): number {
  return states.reduce((sum, state) => sum + counters[state], 0);
}

/** The counters after one device went from one state to another. */
export function moved(
  counters: RolloutCounters,
  from: RolloutDeviceState | null,
  to: RolloutDeviceState,
): RolloutCounters {
  if (from === to) return counters;
  const after = { ...counters, [to]: counters[to] + 1 };
  return from === null ? after : { ...after, [from]: counters[from] - 1 };
}

/** Under way again after a failure that was counted, which it stays until the device succeeds. */
export function isRetrying(row: RolloutDevice | null): boolean {
  return row !== null && row.attempts > 1 && UNDER_WAY.includes(row.state);
}

/**
 * What the threshold looks at: the finished devices, and those that booted the target and wait out their
 * soak. A failure shows at once and a success only after the soak, so a share of the finished alone would
 * be a share of the hasty, whatever the smallest sample is: of a hundred canaries with three bad ones, the
 * first ten to finish have all three. So those in their soak are taken for successes. They finish in any
 * case; what is above the threshold with them is above it once they have finished, however they do, and
 * what is below waits for them: no phase goes on before.
 */
export function sample({ counters, retrying }: Rollout): {
  readonly failed: number;
  /** `failed` among them. */
  readonly finished: number;
  readonly soaking: number;
} {
  const failed = countOf(counters, FAILED) + retrying;
  // Which of those in their soak are there again after a failure is not kept; at most all of them.
  const retryingInSoak = Math.min(retrying, counters.soaking);
  return {
    failed,
    finished: failed + counters.succeeded,
    soaking: counters.soaking - retryingInSoak,
  };
}

/** Counted again from the log of a rollout: what the counters must be equal to. */
export function countersFromLog(entries: readonly RolloutLogEntry[]): RolloutCounters {
  return entries
    .filter(({ what }) => what === 'device')
    .reduce(
      (counters, { data }) =>
        moved(
          counters,
          data['from'] as RolloutDeviceState | null,
          data['to'] as RolloutDeviceState,
        ),
      NO_DEVICES,
    );
}
