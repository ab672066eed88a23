import type { Blob, BlobStore } from './blob-store.ts';

/** How much memory may go into bytes that are read again and again. */
export interface HotBounds {
  readonly mostBytes: number;
  /** What is larger is read from where it is kept. */
  readonly mostOfOneBytes: number;
}

interface Hot {
  readonly sizeBytes: number;
  readonly bytes: Promise<Uint8Array>;
  /** How many have it open: until they are done, its memory is taken. */
  readers: number;
}

/**
 * The same bytes, those that were asked for of late from memory: a rollout has many devices read the same
 * artifact at the same time, and they all read one copy of it, which nobody may write to.
 */
export function keepHot(blobs: BlobStore, { mostBytes, mostOfOneBytes }: HotBounds): BlobStore {
  /** What was asked for longest ago is first. */
  const hot = new Map<string, Hot>();
  /** Of all of `hot`, and of what was deleted while somebody reads it. */
  let takenBytes = 0;

  const makeRoom = (sizeBytes: number): boolean => {
    for (const [sha256, one] of hot) {
      if (takenBytes + sizeBytes <= mostBytes) break;
      if (one.readers > 0) continue;
      hot.delete(sha256);
      takenBytes -= one.sizeBytes;
    }
    return takenBytes + sizeBytes <= mostBytes;
  };
  const drop = (sha256: string, one: Hot) => {
    if (hot.get(sha256) === one) hot.delete(sha256);
    else return;
    if (one.readers === 0) takenBytes -= one.sizeBytes;
  };
  const read = async (sha256: string, one: Hot): Promise<Blob> => {
    one.readers += 1;
    let isOpen = true;
    const close = () => {
      if (!isOpen) return;
      isOpen = false;
      one.readers -= 1;
      if (one.readers === 0 && hot.get(sha256) !== one) takenBytes -= one.sizeBytes;
    };
    try {
      const bytes = await one.bytes;
      return {
        sizeBytes: one.sizeBytes,
        sha256,
        slice: async (start, end) => bytes.subarray(start, end),
        [Symbol.asyncDispose]: async () => close(),
      };
    } catch (error) {
      drop(sha256, one);
      close();
      throw error;
    }
  };
  const known = (sha256: string): Hot | undefined => {
    const one = hot.get(sha256);
    if (one === undefined) return undefined;
    hot.delete(sha256);
    hot.set(sha256, one);
    return one;
  };

  return {
    stage: (options) => blobs.stage(options),
    open: async (sha256) => {
      const there = known(sha256);
      if (there !== undefined) return read(sha256, there);
      const blob = await blobs.open(sha256);
      if (blob === null) return null;
      const { sizeBytes } = blob;
      // Another one may have begun while this one was being opened.
      const meanwhile = known(sha256);
      if (meanwhile === undefined && (sizeBytes > mostOfOneBytes || !makeRoom(sizeBytes))) {
        return blob;
      }
      if (meanwhile !== undefined) {
        await blob[Symbol.asyncDispose]();
        return read(sha256, meanwhile);
      }
      const load = async () => {
        await using source = blob;
        return await source.slice(0, sizeBytes);
      };
      const one: Hot = { sizeBytes, bytes: load(), readers: 0 };
      hot.set(sha256, one);
      takenBytes += sizeBytes;
      return read(sha256, one);
    },
    has: (sha256) => blobs.has(sha256),
    delete: async (sha256) => {
      const isDeleted = await blobs.delete(sha256);
      const one = hot.get(sha256);
      if (one !== undefined) drop(sha256, one);
      return isDeleted;
    },
    list: () => blobs.list(),
  };
}
