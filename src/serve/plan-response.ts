import { runsAlready } from './arduino-update.ts';
import { type Artifact, entityTag } from './artifact.ts';
import { type ByteRange, parseRange } from './byte-range.ts';
import { listsEntityTag } from './entity-tags.ts';

/** Header names in their canonical case: some devices compare them letter by letter over HTTP/1.1. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** What a request asks about: the method and its headers, whatever the protocol. */
export interface RequestHead {
  readonly method: string;
  header(name: string): string | undefined;
}

/** The answer to a request for an artifact, decided before a byte is written. */
export type ResponsePlan =
  | {
      readonly kind: 'body';
      readonly status: 200 | 206;
      readonly headers: HeaderList;
      readonly range: ByteRange;
    }
  /** Head only: to HEAD, and 304, which must not have a body. */
  | { readonly kind: 'head'; readonly status: 200 | 304; readonly headers: HeaderList }
  | {
      readonly kind: 'error';
      readonly status: 405 | 412 | 416;
      readonly headers: HeaderList;
      readonly body: string;
    };

/**
 * Decides how to answer, in the order of RFC 9110 §13.2.2: method, `If-Match`, `If-None-Match`,
 * `Range` with `If-Range`.
 */
export function planResponse(request: RequestHead, artifact: Artifact): ResponsePlan {
  const isHead = request.method === 'HEAD';
  if (!isHead && request.method !== 'GET') {
    return error(405, 'only GET and HEAD\n', [['Allow', 'GET, HEAD']]);
  }
  const own = entityTag(artifact);
  const ifMatch = request.header('if-match');
  if (ifMatch !== undefined && !listsEntityTag(ifMatch, own, 'strong')) {
    return error(412, 'the image is another one\n', [['ETag', own]]);
  }
  const ifNoneMatch = request.header('if-none-match');
  const known =
    ifNoneMatch === undefined
      ? runsAlready((name) => request.header(name), artifact)
      : listsEntityTag(ifNoneMatch, own, 'weak');
  if (known) return { kind: 'head', status: 304, headers: [['ETag', own]] };
  const { sizeBytes } = artifact;
  if (isHead) {
    return { kind: 'head', status: 200, headers: bodyHeaders(artifact, sizeBytes) };
  }
  const asked = parseRange(rangeHeader(request, own), sizeBytes);
  if (asked.kind === 'unsatisfiable') {
    return error(416, `the image has ${sizeBytes} bytes\n`, [
      ['Content-Range', `bytes */${sizeBytes}`],
      ['Accept-Ranges', 'bytes'],
    ]);
  }
  if (asked.kind === 'part') {
    const { start, end } = asked.range;
    const headers: HeaderList = [
      ...bodyHeaders(artifact, end - start),
      ['Content-Range', `bytes ${start}-${end - 1}/${sizeBytes}`],
    ];
    return { kind: 'body', status: 206, headers, range: asked.range };
  }
  const range = { start: 0, end: sizeBytes };
  return { kind: 'body', status: 200, headers: bodyHeaders(artifact, sizeBytes), range };
}

/** The `Range` that counts: `If-Range` with another tag, a weak one or a date asks for all of it. */
function rangeHeader(request: RequestHead, own: string): string | undefined {
  const ifRange = request.header('if-range');
  return ifRange === undefined || ifRange.trim() === own ? request.header('range') : undefined;
}

function bodyHeaders(artifact: Artifact, lengthBytes: number): HeaderList {
  return [
    ['Content-Type', 'application/octet-stream'],
    ['Content-Length', String(lengthBytes)],
    ['Accept-Ranges', 'bytes'],
    ['ETag', entityTag(artifact)],
    // A proxy that compressed or kept the bytes would break devices that count them.
    ['Cache-Control', 'private, no-transform'],
    ['x-MD5', artifact.md5],
  ];
}

function error(status: 405 | 412 | 416, body: string, extra: HeaderList): ResponsePlan {
  return { kind: 'error', status, headers: [...extra, ...textHeaders(body)], body };
}

/** The headers of a short plain-text body. */
export function textHeaders(body: string): HeaderList {
  return [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(Buffer.byteLength(body))],
  ];
}
