import type { RequestOptions } from 'node:http';
import type { AddressGuard } from '../../fleet/index.ts';

/** How a try ended: with a status, or without an answer. */
export type DeliveryOutcome =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** Sends one delivery. Never throws. */
export type PostDelivery = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
) => Promise<DeliveryOutcome>;

const TIMEOUT_MS = 10_000;
const { request: httpRequest } = process.getBuiltinModule('node:http');
const { request: httpsRequest } = process.getBuiltinModule('node:https');

/** Posts to where the guard allows. Redirects are not followed: they would leave the guard behind. */
export function createPostDelivery(guard: AddressGuard): PostDelivery {
  return (url, headers, body, signal) =>
    new Promise((resolve) => {
      const timeout = AbortSignal.timeout(TIMEOUT_MS);
      const fail = (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        const reason = timeout.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : why;
        resolve({ kind: 'failed', reason });
      };
      try {
        const target = new URL(url);
        guard.check(target.hostname);
        const options: RequestOptions = {
          method: 'POST',
          headers: { ...headers, 'Content-Length': String(Buffer.byteLength(body)) },
          lookup: guard.lookup,
          agent: false,
          signal: AbortSignal.any([signal, timeout]),
        };
        const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
        const request = send(target, options, (answer) => {
          // What it says does not matter, and may be endless.
          answer.destroy();
          resolve({ kind: 'answered', status: answer.statusCode ?? 0 });
        });
        request.on('error', fail);
        request.end(body);
      } catch (error) {
        fail(error);
      }
    });
}
