import type { IncomingMessage } from 'node:http';
import { ServerError } from '../codes.ts';

/** The entity tag of something with a revision. */
export function revisionTag(revision: number): string {
  return `"${revision}"`;
}

/**
 * The revision that `If-Match` asks for: `undefined` without one and for `*`; -1, which is never one,
 * where it lists tags that are not ours.
 *
 * @throws ServerError `server/bad-request`
 */
export function ifMatch(request: IncomingMessage): number | undefined {
  const header = request.headers['if-match']?.trim();
  if (header === undefined || header === '*') return undefined;
  const tags = header.split(',').map((tag) => tag.trim());
  if (!tags.every((tag) => /^(?:W\/)?"[^"]*"$/.test(tag))) {
    throw new ServerError('server/bad-request', 'If-Match is no list of entity tags', {
      hint: 'Send the ETag of the answer that you have read, with its quotes.',
    });
  }
  // The comparison is a strong one: weak tags never match. Lists of several of our tags make no sense.
  const revisions = tags.map((tag) => /^"(\d{1,15})"$/.exec(tag)?.[1]).filter(Boolean);
  return revisions.length === 0 ? -1 : Number(revisions[0]);
}

/** Whether `If-None-Match` lists the tag. */
export function isKnown(request: IncomingMessage, tag: string): boolean {
  const header = request.headers['if-none-match'];
  if (header === undefined) return false;
  return header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
