import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { createMemoryBlobs } from '../../../src/fleet/index.ts';
import { receive } from '../../../src/fleet/artifacts/receive.ts';

const CHUNKS = 400;
const CHUNK_BYTES = 64 * 1024;

it('holds no chunk of an upload for longer than it takes to store it', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const chunks: WeakRef<Uint8Array>[] = [];
  async function* source() {
    for (let index = 0; index < CHUNKS; index += 1) {
      await nextTurn();
      const chunk = new Uint8Array(CHUNK_BYTES);
      chunks.push(new WeakRef(chunk));
      yield chunk;
    }
  }
  await using stage = await createMemoryBlobs().stage();
  let held = Infinity;
  const counting = {
    ...stage,
    write: async () => {
      if (chunks.length < CHUNKS) return;
      await nextTurn();
      collect();
      held = chunks.filter((chunk) => chunk.deref() !== undefined).length;
    },
  };
  await receive(counting, source(), {}, new AbortController().signal);
  expect(held).toBeLessThan(20);
});
