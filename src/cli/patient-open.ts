import type { Clock } from '../shared/index.ts';
import { type OpenLink, TransportError } from '../transport/index.ts';

/** How long a program of this machine may take from its start until it listens. */
const STARTING_MS = 5000;
const PAUSE_MS = 100;

/**
 * Opens a port, and tries again for a while where nothing listens on this machine yet: `otakit simulate
 * chip &` or an emulator was started right before, perhaps by the same script, and is still loading.
 */
export function patientOpen(open: OpenLink, clock: Clock): OpenLink {
  return async (target, options) => {
    const deadline = clock.monotonicMs() + STARTING_MS;
    for (;;) {
      try {
        return await open(target, options);
      } catch (error) {
        if (!maySoonListen(error) || clock.monotonicMs() >= deadline) throw error;
      }
      await clock.sleep(PAUSE_MS, options.signal);
    }
  };
}

/** Elsewhere a refusal is an answer: whoever serves a port over the network started it long before. */
function maySoonListen(error: unknown): boolean {
  if (!(error instanceof TransportError) || error.code !== 'transport/unreachable') return false;
  const { host } = error.details;
  const isHere = typeof host === 'string' && /^(localhost|127\.[\d.]+|::1)$/i.test(host);
  return isHere && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';
}
