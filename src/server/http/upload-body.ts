import type { IncomingMessage } from 'node:http';
import type { Front } from '../../serve/index.ts';
import { ServerError } from '../codes.ts';
import type { ServerLimits } from '../limits/limits.ts';
import { refuseDeclaredLength, tooLarge } from './read-body.ts';

/** An upload may be as slow as it likes for this long. */
const GRACE_MS = 60_000;

/**
 * The bytes of an upload as they come, one chunk in memory at a time. Ends with an error when there are
 * too many, when they come too slowly, and when the connection is cut.
 *
 * @throws ServerError `server/body-too-large`, `server/body-cut`
 */
export async function* uploadBody(
  request: IncomingMessage,
  mostBytes: number,
  limits: ServerLimits,
  watchdog: Front['watchdog'],
): AsyncGenerator<Uint8Array> {
  refuseDeclaredLength(request, mostBytes);
  let bytes = 0;
  let startedMs: number | null = null;
  let progressMs: number | null = null;
  let isWaiting = true;
  const tooSlow = cut('the upload came too slowly');
  const unwatch = watchdog.watch({
    check: (now) => {
      startedMs ??= now;
      progressMs ??= now;
      // While the bytes that are here are being written, the sender cannot do anything.
      if (!isWaiting) progressMs = now;
      const allowedMs = GRACE_MS + (bytes / limits.uploadBytesPerSecond) * 1000;
      if (now - progressMs > limits.uploadStallMs || now - startedMs > allowedMs) {
        request.destroy(tooSlow);
      }
    },
  });
  try {
    // The connection stays, so that a refusal can be answered.
    const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw tooLarge(mostBytes);
      isWaiting = false;
      yield chunk;
      isWaiting = true;
      progressMs = null;
    }
  } catch (error) {
    if (error instanceof ServerError) throw error;
    throw cut('the upload was cut off', error);
  } finally {
    unwatch();
  }
  if (!request.complete) throw cut('the upload was cut off');
}

function cut(why: string, cause?: unknown): ServerError {
  return new ServerError('server/body-cut', why, {
    hint: 'Upload it again; nothing of it was kept.',
    ...(cause === undefined ? {} : { cause }),
  });
}
