import type { IncomingMessage } from 'node:http';
import type { Front } from '../../serve/index.ts';
import { ServerError } from '../codes.ts';

/** What bounds the reading of a small body. */
export interface BodyBounds {
  readonly mostBytes: number;
  readonly mostMs: number;
  readonly watchdog: Front['watchdog'];
}

/** Reads a small body whole. @throws ServerError `server/body-too-large`, `server/body-cut` */
export async function readBody(
  request: IncomingMessage,
  { mostBytes, mostMs, watchdog }: BodyBounds,
): Promise<Uint8Array> {
  refuseDeclaredLength(request, mostBytes);
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let sinceMs: number | null = null;
  const unwatch = watchdog.watch({
    check: (now) => {
      sinceMs ??= now;
      if (now - sinceMs > mostMs) reject(bodyCut('the body came too slowly'));
    },
  });
  const onData = (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > mostBytes) reject(tooLarge(mostBytes));
    else chunks.push(chunk);
  };
  const onEnd = () => resolve(new Uint8Array(Buffer.concat(chunks)));
  const onClose = () => reject(bodyCut('the body ended early'));
  request.on('data', onData).once('end', onEnd).once('close', onClose).once('error', onClose);
  try {
    return await promise;
  } finally {
    unwatch();
    request.off('data', onData).off('end', onEnd).off('close', onClose);
  }
}

/** @throws ServerError `server/body-too-large` for what says itself that it is */
export function refuseDeclaredLength(request: IncomingMessage, mostBytes: number): void {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > mostBytes) throw tooLarge(mostBytes);
}

/** The refusal of a body beyond the limit. */
export function tooLarge(mostBytes: number): ServerError {
  return new ServerError('server/body-too-large', `the body is larger than ${mostBytes} bytes`, {
    hint: 'Send less; the operator of the server sets the limit.',
    details: { mostBytes },
  });
}

/** The refusal of a body that did not come to its end. */
export function bodyCut(why: string): ServerError {
  return new ServerError('server/body-cut', why, { hint: 'Send the request again.' });
}
