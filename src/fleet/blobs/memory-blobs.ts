import { createHash } from 'node:crypto';
import { concatBytes, memorySource } from '../../shared/index.ts';
import type { BlobStore } from './blob-store.ts';
import { tooLarge } from './too-large.ts';

/** Bytes in memory, gone with the process: for tests and for trying things out. */
export function createMemoryBlobs(): BlobStore {
  const kept = new Map<string, Uint8Array>();
  return {
    stage: async ({ maxBytes = Infinity } = {}) => {
      const parts: Uint8Array[] = [];
      let sizeBytes = 0;
      return {
        write: async (bytes) => {
          if (sizeBytes + bytes.length > maxBytes) throw tooLarge(maxBytes);
          sizeBytes += bytes.length;
          parts.push(bytes.slice());
        },
        finish: async () => {
          const whole = concatBytes(parts);
          const sha256 = createHash('sha256').update(whole).digest('hex');
          return {
            source: memorySource(whole),
            sizeBytes,
            sha256,
            md5: createHash('md5').update(whole).digest('hex'),
            commit: async () => void kept.set(sha256, whole),
          };
        },
        [Symbol.asyncDispose]: async () => void parts.splice(0),
      };
    },
    open: async (sha256) => {
      const bytes = kept.get(sha256);
      if (bytes === undefined) return null;
      const source = memorySource(bytes);
      return {
        sizeBytes: bytes.length,
        sha256,
        slice: (start, end) => source.read(start, end - start),
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
