import { stat } from 'node:fs/promises';
import type { Clock } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { findBuild, type FoundBuild } from './find-build.ts';

/** A build as it was found on the disk. */
export interface BuildState {
  readonly build: FoundBuild;
  /** When the image was written last, by the file system's clock. */
  readonly modifiedMs: number;
  /** `false` while it may still be written: a fault is not worth reporting yet. */
  readonly isSettled: boolean;
}

const POLL_MS = 100;
/** This long without a change is the end of a build, even on a slow drive. */
const SETTLED_MS = 2000;

/**
 * Yields the build that is there, then every change of it: at once, and once more when it has not
 * changed for a while. An image says itself whether it is whole (checksum and SHA-256), so a finished
 * one need not wait for the disk to fall silent.
 */
export async function* watchBuild(
  path: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<BuildState, void, void> {
  let seen = '';
  let changedMs = 0;
  let isReported = true;
  let isFirst = true;
  for (;;) {
    const state = await look(path, isFirst);
    const now = clock.now();
    if (state !== null && state.signature !== seen) {
      seen = state.signature;
      changedMs = now;
      isReported = isFirst;
      yield { ...state, isSettled: isFirst };
      isFirst = false;
    } else if (state !== null && !isReported && now - changedMs >= SETTLED_MS) {
      isReported = true;
      yield { ...state, isSettled: true };
    }
    await clock.sleep(POLL_MS, signal);
  }
}

/** `null` while a build tool has removed its output to write it anew. */
async function look(path: string, isFirst: boolean) {
  try {
    const build = await findBuild(path);
    const image = await stat(build.image, { bigint: true });
    const signature = `${build.image} ${image.size} ${image.mtimeNs} ${image.ino}`;
    return { build, signature, modifiedMs: Number(image.mtimeMs) };
  } catch (thrown) {
    if (!isFirst) return null;
    if (thrown instanceof CliError) throw thrown;
    throw new CliError('cli/file-not-readable', `${path} cannot be read`, {
      hint: 'Name the .bin file of the app, or the folder of the project.',
      details: { path },
      cause: thrown,
    });
  }
}
