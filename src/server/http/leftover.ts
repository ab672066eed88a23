import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Front } from '../../serve/index.ts';

const MOST_BYTES = 4 * 1024 * 1024;
const MOST_MS = 5000;

/**
 * A request can be answered before its body has arrived, as refused uploads are. Node then reads and
 * drops the rest, which keeps the answer from being lost in a reset; this bounds how much and how long.
 */
export function boundLeftover(
  request: IncomingMessage,
  response: ServerResponse,
  watchdog: Front['watchdog'],
): void {
  response.once('finish', () => {
    if (request.complete || request.destroyed) return;
    let bytes = 0;
    let sinceMs: number | null = null;
    const end = () => request.socket.destroy();
    const unwatch = watchdog.watch({
      check: (now) => {
        sinceMs ??= now;
        if (now - sinceMs > MOST_MS) end();
      },
    });
    request.on('data', (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) end();
    });
    request.once('end', unwatch).once('close', unwatch);
  });
}
