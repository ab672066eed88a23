import { createHash } from 'node:crypto';
import type { BlobStore } from './blob-store.ts';

const CHUNK_BYTES = 256 * 1024;

/** What became of bytes that are kept: `damaged` when their SHA-256 is not their name any more. */
export async function verifyBlob(
  blobs: BlobStore,
  sha256: string,
): Promise<'intact' | 'damaged' | 'missing'> {
  await using blob = await blobs.open(sha256);
  if (blob === null) return 'missing';
  const hash = createHash('sha256');
  for (let at = 0; at < blob.sizeBytes; at += CHUNK_BYTES) {
    hash.update(await blob.slice(at, Math.min(at + CHUNK_BYTES, blob.sizeBytes)));
  }
  return hash.digest('hex') === sha256 ? 'intact' : 'damaged';
}
