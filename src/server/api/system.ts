import { z } from 'zod';
import { ADMINS } from '../access/roles.ts';
import { ServerError } from '../codes.ts';
import { moment } from '../schemas/common.ts';
import { defineRoute } from './route.ts';
import type { ApiServices } from './services.ts';

/** A backup that nobody reads is not kept at hand. */
const STALL_MS = 180_000;

const restoreReport = z.object({
  createdAtMs: moment,
  artifacts: z.int().min(0),
  devices: z.int().min(0),
  keptAs: z.string().nullable(),
});

/** The installation as a whole. */
export const SYSTEM_ROUTES = [
  defineRoute({
    method: 'POST',
    path: '/backup',
    id: 'backup',
    summary: 'A consistent copy of the whole fleet as one file',
    roles: ADMINS,
    answer: {
      status: 200,
      contentTypes: ['application/x-tar'],
      description: 'A tar archive: the database and the bytes of all artifacts.',
    },
    handle: async ({ services, response, signal }) => {
      const archive = archiveOf(services.archive);
      let hasBegun = false;
      for await (const chunk of archive.backup(signal)) {
        if (!hasBegun) response.writeHead(200, { 'Content-Type': 'application/x-tar' });
        hasBegun = true;
        if (!response.write(chunk)) await drained(response, signal, services.watchdog);
      }
      response.end();
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/restore',
    id: 'restore',
    summary: 'Replace the whole fleet by that of a backup',
    roles: ADMINS,
    takesBytes: 'The archive that a backup gave.',
    isUnbounded: true,
    answer: { status: 200, schema: restoreReport },
    handle: async ({ services, bytes }) => {
      const archive = archiveOf(services.archive);
      if (bytes === null) {
        throw new ServerError('server/unsupported-type', 'no archive was sent', {
          hint: 'Send the file that a backup gave, as application/octet-stream.',
        });
      }
      return archive.restore(bytes);
    },
  }),
];

function archiveOf<Archive>(archive: Archive | null): Archive {
  if (archive !== null) return archive;
  throw new ServerError('server/no-archive', 'this fleet is not in a folder of its own', {
    hint: 'Back up whatever holds its data.',
  });
}

/** Resolves once the reader has taken what there was; rejects when it takes nothing for too long. */
function drained(
  response: NodeJS.EventEmitter,
  signal: AbortSignal,
  watchdog: ApiServices['watchdog'],
): Promise<void> {
  return new Promise((resolve, reject) => {
    let sinceMs: number | null = null;
    const settle = (error?: Error) => {
      unwatch();
      response.off('drain', drain);
      signal.removeEventListener('abort', abort);
      if (error === undefined) resolve();
      else reject(error);
    };
    const drain = () => settle();
    const abort = () => settle(signal.reason as Error);
    const unwatch = watchdog.watch({
      check: (now) => {
        sinceMs ??= now;
        if (now - sinceMs > STALL_MS) settle(new ServerError('server/body-cut', 'nobody reads it'));
      },
    });
    response.once('drain', drain);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
