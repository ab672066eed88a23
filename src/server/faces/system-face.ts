import type { Authorizer } from '../access/authorizer.ts';
import { READERS } from '../access/roles.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Face } from './face.ts';
import type { FaceRequest } from './face-request.ts';

/** What the paths for machines that look after the server need. */
export interface SystemFaceOptions {
  readonly authorizer: Authorizer;
  readonly metrics: Metrics;
  /** Rejects while the server cannot do its work. */
  readonly checkReady: () => Promise<void>;
  readonly openApi: () => unknown;
}

/**
 * `/healthz` (the process answers), `/readyz` (the database does too, and it is not stopping), both
 * without a token; `/metrics` for readers; and the OpenAPI document, which has no secrets.
 */
export function createSystemFace(options: SystemFaceOptions): Face {
  const { authorizer, metrics, checkReady, openApi } = options;
  const text = ({ exchange }: FaceRequest, body: string, type: string) =>
    exchange.answer(
      200,
      [
        ['Content-Type', type],
        ['Content-Length', String(Buffer.byteLength(body))],
        ['Cache-Control', 'no-store'],
      ],
      body,
    );
  let document: string | null = null;
  return {
    name: 'system',
    routes: [
      {
        method: 'GET',
        path: '/healthz',
        handle: (request) => request.answerJson(200, { status: 'ok' }),
      },
      {
        method: 'GET',
        path: '/readyz',
        handle: async (request) => {
          await checkReady();
          request.answerJson(200, { status: 'ready' });
        },
      },
      {
        method: 'GET',
        path: '/metrics',
        handle: async (request) => {
          const { exchange } = request;
          const header = exchange.header('authorization');
          await authorizer.authorize(header, exchange.peerAddress, READERS);
          text(request, await metrics.text(), metrics.contentType);
        },
      },
      {
        method: 'GET',
        path: '/api/v1/openapi.json',
        handle: (request) => {
          document ??= JSON.stringify(openApi());
          text(request, document, 'application/json');
        },
      },
    ],
  };
}
