import { watchFiles } from '../../serve/index.ts';
import { type Clock, type Issue, OtakitError } from '../../shared/index.ts';
import type { LoadedImage, LoadResult } from './load-image.ts';

export interface RebuildOptions {
  /** The image, and the partition table where there is one. */
  readonly paths: readonly string[];
  readonly load: () => Promise<LoadResult>;
  /** SHA-256 of what is served to begin with. */
  readonly served: string;
  readonly publish: (loaded: LoadedImage, check: LoadResult['check']) => Promise<void>;
  /** Told of a rebuild that a device could not take; what was served stays served. */
  readonly refuse: (issues: readonly Issue[]) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Publishes every finished rebuild, until the signal. One that fails the check may be half written:
 * it is looked at again when nothing has changed for longer, and reported only then.
 */
export async function publishRebuilds(options: RebuildOptions): Promise<void> {
  const { paths, load, publish, refuse, clock, signal } = options;
  let { served } = options;
  for await (const { isSettled } of watchFiles(paths, { clock, signal })) {
    try {
      const { check, loaded } = await load();
      if (loaded === null) {
        if (isSettled) refuse(check.issues);
      } else if (loaded.sha256 !== served) {
        await publish(loaded, check);
        served = loaded.sha256;
      }
    } catch (error) {
      // A table that cannot be parsed, or a file that went away again while it was read.
      if (!(error instanceof OtakitError)) throw error;
      if (isSettled) refuse([asIssue(error)]);
    }
  }
}

function asIssue({ code, message, hint = 'Build again.' }: OtakitError): Issue {
  return { code, severity: 'error', message, hint };
}
