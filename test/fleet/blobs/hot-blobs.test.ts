import { describe, expect, it } from 'vitest';
import { type Blob, type BlobStore, createMemoryBlobs, keepHot } from '../../../src/fleet/index.ts';

/** Blobs that count how often each is read from where it is kept. */
function counting(blobs: BlobStore) {
  const reads: string[] = [];
  let open = 0;
  const store: BlobStore = {
    stage: (options) => blobs.stage(options),
    has: (sha256) => blobs.has(sha256),
    delete: (sha256) => blobs.delete(sha256),
    list: () => blobs.list(),
    open: async (sha256) => {
      const blob = await blobs.open(sha256);
      if (blob === null) return null;
      open += 1;
      return {
        ...blob,
        slice: (start, end) => {
          reads.push(sha256);
          return blob.slice(start, end);
        },
        [Symbol.asyncDispose]: async () => {
          open -= 1;
        },
      };
    },
  };
  return { store, reads, open: () => open };
}

async function start() {
  const { store, reads, open } = counting(createMemoryBlobs());
  const blobs = keepHot(store, { mostBytes: 1000, mostOfOneBytes: 600 });
  const keep = async (length: number, fill: number) => {
    await using stage = await blobs.stage();
    await stage.write(new Uint8Array(length).fill(fill));
    const staged = await stage.finish();
    await staged.commit();
    return staged.sha256;
  };
  const opened = async (sha256: string): Promise<Blob> => {
    const blob = await blobs.open(sha256);
    if (blob === null) throw new Error('it is not there');
    return blob;
  };
  const read = async (sha256: string) => {
    await using blob = await opened(sha256);
    return (await blob.slice(0, 1))[0];
  };
  return { blobs, reads, open, keep, opened, read };
}

describe('bytes that are read again and again', () => {
  it('are read once for all, however many come at the same time', async () => {
    const { reads, open, keep, read } = await start();
    const a = await keep(500, 1);
    expect(await Promise.all([read(a), read(a), read(a)])).toEqual([1, 1, 1]);
    expect(await read(a)).toBe(1);
    expect(reads).toEqual([a]);
    expect(open()).toBe(0);
  });

  it('make room for others, those that were asked for longest ago first', async () => {
    const { reads, keep, read } = await start();
    const [a, b, c] = [await keep(500, 1), await keep(500, 2), await keep(500, 3)];
    for (const sha256 of [a, b, a, c, a, b]) await read(sha256);
    expect(reads).toEqual([a, b, c, b]);
  });

  it('are not kept where one is too large, or where all that there is is being read', async () => {
    const { reads, open, keep, opened, read } = await start();
    const [large, a, b, c] = [
      await keep(601, 0),
      await keep(500, 1),
      await keep(500, 2),
      await keep(500, 3),
    ];
    await read(large);
    await read(large);
    expect(reads).toEqual([large, large]);
    const held = [await opened(a), await opened(b)];
    await read(c);
    await read(c);
    expect(reads.slice(2)).toEqual([a, b, c, c]);
    for (const blob of held) await blob[Symbol.asyncDispose]();
    await read(c);
    await read(c);
    expect(reads.slice(6)).toEqual([c]);
    expect(open()).toBe(0);
  });

  it('are gone once deleted, and their memory once nobody reads them any more', async () => {
    const { blobs, reads, keep, opened, read } = await start();
    const [a, b, c] = [await keep(600, 1), await keep(400, 2), await keep(600, 3)];
    const held = await opened(a);
    await read(b);
    expect(await blobs.delete(a)).toBe(true);
    expect(await blobs.open(a)).toBeNull();
    expect((await held.slice(0, 1))[0]).toBe(1);
    await read(c);
    await read(c);
    expect(reads).toEqual([a, b, c, c]);
    await held[Symbol.asyncDispose]();
    await held[Symbol.asyncDispose]();
    await read(c);
    await read(c);
    expect(reads.slice(4)).toEqual([c]);
  });

  it('are tried again where reading failed', async () => {
    const inner = createMemoryBlobs();
    let fails = true;
    const { store } = counting(inner);
    const faulty: BlobStore = {
      ...store,
      open: async (sha256) => {
        const blob = await inner.open(sha256);
        if (blob === null || !fails) return blob;
        return { ...blob, slice: () => Promise.reject(new Error('EIO')) };
      },
    };
    const blobs = keepHot(faulty, { mostBytes: 100, mostOfOneBytes: 100 });
    await using stage = await blobs.stage();
    await stage.write(new Uint8Array(100).fill(7));
    const staged = await stage.finish();
    await staged.commit();
    const both = await Promise.allSettled([blobs.open(staged.sha256), blobs.open(staged.sha256)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    await using blob = await blobs.open(staged.sha256);
    expect((await blob?.slice(0, 100))?.[99]).toBe(7);
  });
});
