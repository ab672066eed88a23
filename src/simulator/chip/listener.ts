import type { VirtualChip } from './chip.ts';
import type { CutKind } from './wire.ts';

/** A listener that a host can connect to. */
export interface ChipListener extends AsyncDisposable {
  /** The port string to give to a host. It changes where a fault gives the port another name. */
  readonly target: string;
}

/** What every listener can be given. */
export interface ListenerOptions {
  /** Told of the new port string after a fault has given the port another name. */
  readonly onRename?: (target: string) => void;
}

/**
 * Listens, and listens anew where a fault gives the port another name. The new one is there before the
 * old one goes, because a system would else hand out the same name once more.
 *
 * @param open `again` says that the port is a later one
 * @param options `leavesWhen` says after which faults the port is not there again by itself
 */
export async function keepListening(
  chip: VirtualChip,
  open: (again: boolean) => Promise<ChipListener>,
  {
    onRename = () => {},
    leavesWhen = ['renamed'],
  }: ListenerOptions & { readonly leavesWhen?: readonly CutKind[] },
): Promise<ChipListener> {
  // A fault may strike while the port is still being opened, so this is watched from the start.
  let latest = open(false);
  const stopWatching = chip.onCut(async (kind) => {
    if (!leavesWhen.includes(kind)) return;
    latest = latest.then(rename);
    await latest;
  });
  const rename = async (old: ChipListener) => {
    const next = await open(true);
    current = next;
    await old[Symbol.asyncDispose]();
    onRename(next.target);
    return next;
  };
  let current = await latest.catch((error: unknown) => {
    stopWatching();
    throw error;
  });
  return {
    get target() {
      return current.target;
    },
    [Symbol.asyncDispose]: async () => {
      stopWatching();
      await latest.catch(() => {});
      await current[Symbol.asyncDispose]();
    },
  };
}
