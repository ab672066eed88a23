import { describe, expect, it } from 'vitest';
import { openStore } from '../../../src/fleet/index.ts';
import { Readiness } from '../../../src/server/observe/readiness.ts';
import { ManualClock } from '../../support/manual-clock.ts';

async function start() {
  const clock = new ManualClock();
  const store = await openStore({ file: ':memory:', clock });
  let isClosed = false;
  const disk = { freeBytes: 1000, asked: 0 };
  const freeBytes = async () => {
    disk.asked += 1;
    return disk.freeBytes;
  };
  const readiness = new Readiness({ store, clock, freeBytes, leastFreeBytes: 1000 });
  return {
    clock,
    store,
    disk,
    readiness,
    close: async () => {
      isClosed = true;
      await store[Symbol.asyncDispose]();
    },
    [Symbol.asyncDispose]: async () => {
      if (!isClosed) await store[Symbol.asyncDispose]();
    },
  };
}

describe('a server', () => {
  it('is ready while there is room, and looks now and then', async () => {
    await using world = await start();
    const { clock, disk, readiness } = world;
    await Promise.all([readiness.check(), readiness.check()]);
    expect(disk.asked).toBe(1);
    disk.freeBytes = 999;
    await clock.advance(9000);
    await readiness.check();
    await clock.advance(1000);
    const refusal = {
      code: 'server/not-ready',
      httpStatus: 503,
      details: { freeBytes: 999, leastFreeBytes: 1000 },
    };
    await expect(readiness.check()).rejects.toMatchObject(refusal);
    expect(disk.asked).toBe(2);
    disk.freeBytes = 1000;
    await expect(readiness.check()).rejects.toMatchObject(refusal);
    await clock.advance(1000);
    await readiness.check();
  });

  it('is not ready where nothing can be stored, or nothing be known of the disk', async () => {
    await using world = await start();
    const { clock, store, readiness } = world;
    await readiness.check();
    await world.close();
    await clock.advance(10_000);
    await expect(readiness.check()).rejects.toMatchObject({
      code: 'server/not-ready',
      message: expect.stringMatching(/^the store cannot be written: ./) as string,
    });
    const gone = new Readiness({
      store,
      clock,
      freeBytes: () => Promise.reject(new Error('ENOENT')),
      leastFreeBytes: 1,
    });
    await expect(gone.check()).rejects.toMatchObject({ code: 'server/not-ready' });
  });
});
