import { z } from 'zod';
import { FleetError } from '../../../fleet/index.ts';
import { entityTag, listsEntityTag, PeerGone } from '../../../serve/index.ts';
import { parseQuery } from '../../api/query.ts';
import { ServerError } from '../../codes.ts';
import type { FaceContext } from '../face.ts';
import type { FaceDescription } from '../face-description.ts';
import type { FaceRequest } from '../face-request.ts';
import { identifier, MAIN_PACKAGE } from '../wire-shapes.ts';

/** What a device with little memory can still hold, and what a proxy lets through. */
const LARGEST_CHUNK = 64 * 1024;

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);

const chunkQuery = z.object({
  package_id: identifier.default(MAIN_PACKAGE),
  /** Pins the bytes: without it, a device that is reassigned meanwhile gets those of the new artifact. */
  artifact_id: identifier.optional(),
  offset: wholeNumber.default(0),
  size: wholeNumber.refine((size) => size > 0, 'must be 1 or more').default(LARGEST_CHUNK),
});

const chunkAnswer = z.object({
  package_id: z.string(),
  offset: z.int().min(0),
  size: z.int().min(0),
  total_bytes: z.int().min(0),
  checksum: z.string().describe('SHA-256 of the whole, lower-case hex.'),
  complete: z.boolean(),
  data: z.string().describe('Base64.'),
});

/** For the OpenAPI document. */
export const CHUNK: FaceDescription = {
  id: 'deviceReadChunk',
  summary: 'A piece of what the device should fetch, in any order, at most 64 KiB',
  credential: 'device',
  query: chunkQuery,
  answers: {
    200: {
      description: 'As JSON, or as bare bytes where octet-stream is asked for.',
      content: { 'application/json': chunkAnswer, 'application/octet-stream': null },
    },
  },
};

/**
 * `GET /api/v1/devices/{id}/ota/chunk?package_id=&offset=&size=`: a piece of the assigned artifact, in
 * any order, at most 64 KiB whatever is asked for. As JSON with base64, or as bare bytes with the same
 * facts in headers for `Accept: application/octet-stream`. An offset at the very end gives an empty,
 * complete chunk, so that a device that has everything learns just that.
 */
export async function answerChunk(context: FaceContext, request: FaceRequest): Promise<void> {
  const contact = await context.authenticate(request, request.params['deviceId'] ?? '');
  const query = parseQuery(chunkQuery, request.query);
  const { package_id, artifact_id, offset } = query;
  const { exchange } = request;
  const beganAtMs = context.clock.monotonicMs();
  await using artifact = await context.fleet.gate.openAssigned(contact, package_id, artifact_id);
  const { sizeBytes, sha256 } = artifact;
  const tag = entityTag(artifact);
  const ifMatch = exchange.header('if-match');
  if (ifMatch !== undefined && !listsEntityTag(ifMatch, tag, 'strong')) {
    throw new FleetError(
      'fleet/changed-meanwhile',
      `${package_id} is assigned another artifact now`,
      {
        hint: 'Ask for the update again and start over with offset 0.',
        details: { packageId: package_id, sha256 },
      },
    );
  }
  if (offset > sizeBytes) {
    throw new ServerError(
      'server/no-such-range',
      `offset ${offset} is beyond the ${sizeBytes} bytes of the artifact`,
      { hint: `Offsets go up to ${sizeBytes}.`, details: { offset, sizeBytes } },
    );
  }
  const end = Math.min(offset + Math.min(query.size, LARGEST_CHUNK), sizeBytes);
  const bytes = await artifact.slice(offset, end);
  const complete = end === sizeBytes;
  const noteSent = (sentBytes: number, cut: 'peer-gone' | null) =>
    context.sent({
      deviceId: contact.device.deviceId,
      packageId: package_id,
      artifact,
      fromByte: offset,
      sentBytes,
      beganAtMs,
      cut,
    });
  if (!wantsBytes(exchange.header('accept'))) {
    request.answerJson(
      200,
      {
        package_id,
        offset,
        size: bytes.length,
        total_bytes: sizeBytes,
        checksum: sha256,
        complete,
        data: Buffer.from(bytes).toString('base64'),
      } satisfies z.input<typeof chunkAnswer>,
      [['ETag', tag]],
    );
    if (exchange.method !== 'HEAD') await noteSent(bytes.length, null);
    return;
  }
  exchange.begin(200, [
    ['Content-Type', 'application/octet-stream'],
    ['Content-Length', String(bytes.length)],
    ['Cache-Control', 'private, no-transform'],
    ['ETag', tag],
    ['X-Offset', String(offset)],
    ['X-Total-Bytes', String(sizeBytes)],
    ['X-Complete', String(complete)],
  ]);
  const isHead = exchange.method === 'HEAD';
  let cut: 'peer-gone' | null = null;
  try {
    await exchange.write(isHead ? new Uint8Array() : bytes, true);
  } catch (error) {
    // A device that went away asks again for what it lacks.
    if (!(error instanceof PeerGone)) throw error;
    cut = 'peer-gone';
  }
  if (!isHead) await noteSent(cut === null ? bytes.length : 0, cut);
}

/** JSON unless bytes are asked for: what curl sends by itself stands for anything. */
function wantsBytes(accept: string | undefined): boolean {
  return accept !== undefined && /(?:^|,)\s*application\/octet-stream\b/i.test(accept);
}
