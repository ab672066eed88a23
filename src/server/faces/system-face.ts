import { z } from 'zod';
import type { Authorizer } from '../access/authorizer.ts';
import { READERS } from '../access/roles.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Face } from './face.ts';
import type { FaceDescription } from './face-description.ts';
import type { FaceRequest } from './face-request.ts';

const UTF8 = new TextEncoder();

/** What the paths for machines that look after the server need. */
export interface SystemFaceOptions {
  readonly authorizer: Authorizer;
  readonly metrics: Metrics;
  /** Rejects while the server cannot do its work. */
  readonly checkReady: () => Promise<void>;
  readonly openApi: () => unknown;
}

/**
 * `/healthz` (the process answers), `/readyz` (it can store something, has room for more, and is not stopping), both
 * without a token; `/metrics` for readers; and the OpenAPI document, which has no secrets.
 */
export function createSystemFace(options: SystemFaceOptions): Face {
  const { authorizer, metrics, checkReady, openApi } = options;
  const send = ({ exchange }: FaceRequest, body: Uint8Array, type: string) =>
    exchange.answer(
      200,
      [
        ['Content-Type', type],
        ['Content-Length', String(body.length)],
        ['Cache-Control', 'no-store'],
      ],
      body,
    );
  // One copy, however many read it at the same time.
  let document: Uint8Array | null = null;
  return {
    name: 'system',
    routes: [
      {
        method: 'GET',
        path: '/healthz',
        description: {
          id: 'isAlive',
          summary: 'The process answers',
          credential: 'none',
          answers: json('It does.', z.object({ status: z.literal('ok') })),
        },
        handle: (request) => request.answerJson(200, { status: 'ok' }),
      },
      {
        method: 'GET',
        path: '/readyz',
        description: {
          id: 'isReady',
          summary: 'The server can store something, has room for more, and is not stopping',
          credential: 'none',
          answers: json('It is.', z.object({ status: z.literal('ready') })),
        },
        handle: async (request) => {
          await checkReady();
          request.answerJson(200, { status: 'ready' });
        },
      },
      {
        method: 'GET',
        path: '/metrics',
        description: {
          id: 'readMetrics',
          summary: 'Metrics in the form that Prometheus reads',
          credential: 'reader',
          answers: { 200: { description: 'All of them.', content: { 'text/plain': z.string() } } },
        },
        handle: async (request) => {
          const { exchange } = request;
          const header = exchange.header('authorization');
          await authorizer.authorize(header, exchange.peerAddress, READERS);
          send(request, UTF8.encode(await metrics.text()), metrics.contentType);
        },
      },
      {
        method: 'GET',
        path: '/api/v1/openapi.json',
        description: {
          id: 'readOpenApi',
          summary: 'This document',
          credential: 'none',
          answers: json('The document.', z.record(z.string(), z.unknown())),
        },
        handle: (request) => {
          document ??= UTF8.encode(JSON.stringify(openApi()));
          send(request, document, 'application/json');
        },
      },
    ],
  };
}

function json(description: string, schema: z.ZodType): FaceDescription['answers'] {
  return { 200: { description, content: { 'application/json': schema } } };
}
