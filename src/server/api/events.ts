import { z } from 'zod';
import type { Fleet } from '../../fleet/index.ts';
import { READERS } from '../access/roles.ts';
import { anyId } from '../schemas/common.ts';
import { eventSchema } from '../schemas/things.ts';
import { defined } from './query.ts';
import { defineRoute } from './route.ts';

const EVENT_STREAM = 'text/event-stream';

/** What happened: as a list, or live. */
export const EVENT_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/events',
    id: 'readEvents',
    summary: 'Events: a list, or with `Accept: text/event-stream` all that comes, live',
    roles: READERS,
    query: z.strictObject({
      after: z
        .int()
        .min(0)
        .optional()
        .describe('Only what came after this event. `Last-Event-ID` says the same.'),
      limit: z.int().min(1).max(1000).default(100).describe('Of the list.'),
      deviceId: anyId.optional(),
      rolloutId: anyId.optional(),
      types: z
        .array(z.string().min(1).max(64))
        .max(32)
        .optional()
        .describe('Such as `rollout.paused`.'),
    }),
    answer: {
      status: 200,
      contentTypes: ['application/json', EVENT_STREAM],
      schemas: { 'application/json': z.object({ list: z.array(eventSchema), lastId: z.int() }) },
      description: 'Events, oldest first.',
    },
    handle: async ({ fleet, services, query, request, response, exchange, token }) => {
      const { after, limit, ...rest } = defined(query);
      const wantsStream = request.headers.accept?.includes(EVENT_STREAM) === true;
      if (wantsStream && request.method === 'GET') {
        const header = request.headers['last-event-id'];
        const resumed =
          typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : null;
        const isAllowed = async () =>
          token.tokenId === 'local' || (await isAlive(fleet, token.tokenId, services.clock.now()));
        await services.eventStreams.send(exchange(), resumed ?? after ?? null, rest, isAllowed);
        return;
      }
      const list = await fleet.events.after(after ?? 0, limit, rest);
      const text = `${JSON.stringify({ list, lastId: await fleet.events.lastId() })}\n`;
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(text),
        'Cache-Control': 'no-store',
      });
      response.end(text);
    },
  }),
];

async function isAlive(fleet: Fleet, tokenId: string, nowMs: number): Promise<boolean> {
  const { revokedAtMs, expiresAtMs } = await fleet.tokens.get(tokenId);
  return revokedAtMs === null && (expiresAtMs === null || nowMs < expiresAtMs);
}
