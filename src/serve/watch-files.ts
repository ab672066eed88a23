import { stat } from 'node:fs/promises';
import type { Clock } from '../shared/index.ts';

/** What was found when files had stopped changing. */
export interface FileState {
  /** Differs for every change of any file's size, time or identity. */
  readonly signature: string;
  /**
   * `false` when they have only just stopped: the writer may be pausing, so that a fault is not worth
   * reporting yet. The same state then comes again with `true`, unless they change first.
   */
  readonly isSettled: boolean;
}

const POLL_MS = 250;
/** Builds write in bursts; this long without a change is the likely end. */
const QUIET_MS = 750;
/** This long without a change is the end, even of a build over a slow network drive. */
const SETTLED_MS = 3000;

/**
 * Yields when files have changed and stopped changing. Looks at them instead of asking the system for
 * notice, which network drives, containers and WSL do not give. Missing files count as changing.
 */
export async function* watchFiles(
  paths: readonly string[],
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<FileState, void, void> {
  let known = await signatureOf(paths);
  let seen = known;
  let changedAt = 0;
  let reported: 'nothing' | 'quiet' | 'settled' = 'settled';
  while (!signal.aborted) {
    try {
      await clock.sleep(POLL_MS, signal);
    } catch {
      return;
    }
    const signature = await signatureOf(paths);
    const now = clock.monotonicMs();
    if (signature !== seen) {
      seen = signature;
      changedAt = now;
      reported = signature === known ? 'settled' : 'nothing';
    }
    if (signature === null || reported === 'settled') continue;
    const quietMs = now - changedAt;
    if (quietMs >= SETTLED_MS) {
      reported = 'settled';
      known = signature;
      yield { signature, isSettled: true };
    } else if (quietMs >= QUIET_MS && reported === 'nothing') {
      reported = 'quiet';
      yield { signature, isSettled: false };
    }
  }
}

/** `null` while any of them is missing. */
async function signatureOf(paths: readonly string[]): Promise<string | null> {
  const parts: string[] = [];
  for (const path of paths) {
    try {
      const { size, mtimeNs, ino } = await stat(path, { bigint: true });
      parts.push(`${size}/${mtimeNs}/${ino}`);
    } catch {
      return null;
    }
  }
  return parts.join(' ');
}
