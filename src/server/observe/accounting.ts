import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { LONGEST_METHOD } from '../http/method-not-allowed.ts';
import { plainAddress, plainPeer } from '../http/peer.ts';
import type { Target } from '../http/target.ts';
import { type Log, loggedPath } from './log.ts';
import type { Metrics } from './metrics.ts';

/** One request that is going on; `route` can still be said. */
export interface Account {
  /** For the metrics: a face or an operation; `null` counts nothing. */
  route: string | null;
}

/** Counts and writes down each request when it is over. */
export function createAccounting(metrics: Metrics, log: Log) {
  const close = (
    { route }: Account,
    method: string,
    { path }: Target,
    status: number,
    startedMs: number,
    rest: { readonly peer: string; readonly protocol: string; readonly actor?: string | undefined },
  ) => {
    if (route === null) return;
    const durationMs = performance.now() - startedMs;
    metrics.request(route, method, status, durationMs);
    const logged = {
      method: method.slice(0, LONGEST_METHOD),
      path: loggedPath(path),
      status,
      durationMs: Math.round(durationMs),
    };
    log.request({ ...logged, ...rest });
  };
  return {
    accountHttp1: (
      request: IncomingMessage,
      response: ServerResponse,
      target: Target,
      protocol = `HTTP/${request.httpVersion}`,
    ): Account => {
      const startedMs = performance.now();
      const peer = plainAddress(request.socket.remoteAddress);
      const account: Account = { route: 'none' };
      response.once('close', () => {
        // Express leaves there what its handlers found out.
        const { locals } = response as { locals?: { route?: string; actor?: string } };
        account.route = locals?.route ?? account.route;
        const method = request.method ?? '';
        const actor = locals?.actor;
        // Nothing was answered where the client left first.
        const status = response.headersSent ? response.statusCode : 0;
        close(account, method, target, status, startedMs, { peer, protocol, actor });
      });
      return account;
    },
    accountHttp2: (stream: ServerHttp2Stream, method: string, target: Target): Account => {
      const startedMs = performance.now();
      const peer = plainPeer(stream);
      const account: Account = { route: 'none' };
      stream.once('close', () => {
        const status = Number(stream.sentHeaders?.[':status'] ?? 0);
        close(account, method, target, status, startedMs, { peer, protocol: 'HTTP/2' });
      });
      return account;
    },
  };
}
