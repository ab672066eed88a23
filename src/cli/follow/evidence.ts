import { followPart, type MarkedLog } from '../../machine-config/index.ts';
import { systemClock } from '../../shared/index.ts';
import type { OpenTarget } from '../config/open-target.ts';
import { fileLines, LineFollower, portLines } from './device-lines.ts';

/** Whatever shows what a device does: the log of its part, its console, a file with its console. */
export interface Evidence {
  readonly name: string;
  /** Whether it shows which slot the bootloader loads, and not only the tag that the device has. */
  readonly showsSlot: boolean;
  /** Looks at what is there before the push, so that only what comes after counts. */
  mark(signal: AbortSignal): Promise<MarkedLog>;
}

/** All the evidence that a command line gives access to. */
export function collectEvidence(
  targets: readonly OpenTarget[],
  { monitor, log }: { readonly monitor?: string; readonly log?: string },
  signal: AbortSignal,
  onLost: (name: string, cause: unknown) => void,
): readonly Evidence[] {
  const consoles = [
    ...(monitor === undefined ? [] : [[monitor, portLines(monitor, signal)] as const]),
    ...(log === undefined ? [] : [[log, fileLines(log, systemClock, signal)] as const]),
  ].map(([name, lines]): Evidence => {
    const follower = new LineFollower();
    follower.run(lines).catch((cause: unknown) => {
      if (!signal.aborted) onLost(name, cause);
    });
    return { name, showsSlot: true, mark: async () => follower.mark() };
  });
  // A console says more than the uploaded log (which slot was loaded), so it goes first.
  if (consoles.length > 0) return consoles;
  return targets.flatMap(({ cloud, partId, target }): readonly Evidence[] =>
    cloud === null || partId === null
      ? []
      : [
          {
            name: target.label,
            showsSlot: false,
            mark: (stop) => followPart(cloud, partId, stop),
          },
        ],
  );
}
