import type { ArtifactFailures, Device } from './device.ts';

const BASE_MS = 10 * 60_000;
const LONGEST_MS = 24 * 60 * 60_000;

/**
 * A device that failed an artifact is left alone with it: for ten minutes the first time, then twice as
 * long each time, at most a day.
 */
export function countFailure(
  { failures }: Pick<Device, 'failures'>,
  packageId: string,
  artifactId: string,
  nowMs: number,
): Readonly<Record<string, ArtifactFailures>> {
  const known = failures[packageId];
  const count = known?.artifactId === artifactId ? known.count + 1 : 1;
  const waitMs = Math.min(LONGEST_MS, BASE_MS * 2 ** (count - 1));
  return {
    ...failures,
    [packageId]: {
      artifactId,
      count,
      notBeforeMs: nowMs + waitMs,
      rebooting: false,
      fromVersion: null,
    },
  };
}

/** Notes that a device restarts into an artifact, or that it came back, outside of any rollout. */
export function markRebooting(
  { failures, reported }: Pick<Device, 'failures' | 'reported'>,
  packageId: string,
  artifactId: string,
  rebooting: boolean,
): Readonly<Record<string, ArtifactFailures>> {
  const known = failures[packageId];
  const same = known?.artifactId === artifactId;
  const { count, notBeforeMs } = same ? known : { count: 0, notBeforeMs: 0 };
  const fromVersion = rebooting ? (reported[packageId]?.version ?? null) : null;
  return { ...failures, [packageId]: { artifactId, count, notBeforeMs, rebooting, fromVersion } };
}
