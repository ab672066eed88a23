import { z } from 'zod';

/**
 * A backup is one tar archive: `manifest.json`, then `fleet.db` (an SQLite database that needs no other
 * file), then `blobs/<sha256>` for each artifact's bytes.
 */
export const MANIFEST_NAME = 'manifest.json';
export const DATABASE_NAME = 'fleet.db';
export const BLOB_NAME = /^blobs\/([0-9a-f]{64})$/;

/** No manifest is longer. */
export const LONGEST_MANIFEST = 64 * 1024;

/** What a backup says of itself. */
export const manifestSchema = z.object({
  format: z.literal('otakit-fleet-backup'),
  version: z.literal(1),
  createdAtMs: z.int().min(0),
  artifacts: z.int().min(0),
  blobs: z.int().min(0),
  devices: z.int().min(0),
});

/** See {@link manifestSchema}. */
export type ArchiveManifest = z.infer<typeof manifestSchema>;

export function blobName(sha256: string): string {
  return `blobs/${sha256}`;
}
