import type { Exchange } from '../../../serve/index.ts';
import type { FaceContext } from '../face.ts';

/** Ends the waiting when the device has hung up or the server stops. */
export function watchPeer(
  { watchdog, signal }: FaceContext,
  exchange: Exchange,
  end: () => void,
): Disposable {
  const unwatch = watchdog.watch({
    check: () => {
      if (exchange.isGone) end();
    },
  });
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  return {
    [Symbol.dispose]: () => {
      unwatch();
      signal.removeEventListener('abort', end);
    },
  };
}
