import { createHash } from 'node:crypto';
import type { BlobStore } from '../../../src/fleet/index.ts';
import { memorySource } from '../../../src/shared/index.ts';

/** Blobs in a map that the test can look into and damage. */
export function plainBlobs(kept = new Map<string, Uint8Array>()): BlobStore {
  return {
    stage: async () => {
      const parts: Uint8Array[] = [];
      return {
        write: async (bytes) => void parts.push(bytes.slice()),
        finish: async () => {
          const whole = new Uint8Array(Buffer.concat(parts));
          const sha256 = sha256Of(whole);
          return {
            source: memorySource(whole),
            sizeBytes: whole.length,
            sha256,
            md5: createHash('md5').update(whole).digest('hex'),
            commit: async () => void kept.set(sha256, whole),
          };
        },
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
    open: async (sha256) => {
      const bytes = kept.get(sha256);
      if (bytes === undefined) return null;
      return {
        sizeBytes: bytes.length,
        sha256,
        slice: async (start, end) => bytes.slice(start, end),
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
    has: async (sha256) => kept.has(sha256),
    delete: async (sha256) => kept.delete(sha256),
    list: async function* () {
      for (const [sha256, bytes] of kept) yield { sha256, sizeBytes: bytes.length };
    },
  };
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
