import { FleetError } from '../../fleet/index.ts';
import { systemClock } from '../../shared/index.ts';

/** How long another process may keep a data folder before it is said to be in use. */
const PATIENCE_MS = 5000;

/** How often it is tried again. */
const RETRY_MS = 50;

/**
 * Tries `open` until the data folder is free: commands have it only for a moment, and a server that is
 * just starting can be reached soon.
 *
 * @throws FleetError `fleet/folder-in-use` when it stays in use, or `isHopeless` says that it will
 */
export async function whenFree<Opened>(
  open: () => Promise<Opened>,
  signal: AbortSignal,
  isHopeless: () => Promise<boolean> = async () => false,
): Promise<Opened> {
  const untilMs = systemClock.monotonicMs() + PATIENCE_MS;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      const isInUse = error instanceof FleetError && error.code === 'fleet/folder-in-use';
      if (!isInUse || systemClock.monotonicMs() >= untilMs || (await isHopeless())) throw error;
    }
    await systemClock.sleep(RETRY_MS, signal);
  }
}
