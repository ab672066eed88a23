import type { BlobStore } from '../blobs/blob-store.ts';
import { FleetError } from '../codes.ts';
import type { ArtifactBytes } from '../fleet.ts';
import type { Artifact } from './artifact.ts';

/**
 * The bytes of an artifact, as the download handler takes them.
 *
 * @throws FleetError `fleet/bytes-missing`
 */
export async function openBytes(blobs: BlobStore, artifact: Artifact): Promise<ArtifactBytes> {
  const { artifactId, sha256, md5, sizeBytes, image } = artifact;
  const blob = await blobs.open(sha256);
  if (blob === null || blob.sizeBytes !== sizeBytes) {
    await blob?.[Symbol.asyncDispose]();
    const have = blob === null ? 'no bytes' : `${blob.sizeBytes} of ${sizeBytes} bytes`;
    throw new FleetError('fleet/bytes-missing', `${artifactId} has ${have}.`, {
      hint: 'Restore the data folder from a backup, or remove the artifact and upload it again.',
      details: { artifactId, sha256, sizeBytes },
    });
  }
  return {
    sizeBytes,
    sha256,
    md5,
    imageHash: image?.imageHash ?? null,
    slice: (start, end) => blob.slice(start, end),
    [Symbol.asyncDispose]: () => blob[Symbol.asyncDispose](),
  };
}
