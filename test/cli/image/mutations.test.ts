import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutate, randomFrom } from '../../fuzz/mutate.ts';
import {
  buildTestApp,
  buildTestBootloader,
  buildTinyApp,
  mergeAt,
} from '../../support/build-image.ts';
import { otakit } from '../../support/cli.ts';
import { table as rawTable } from '../../support/raw-table.ts';

const TABLE = rawTable([
  { name: 'otadata', type: 1, subtype: 0, at: 0xd000, size: 0x2000 },
  { name: 'ota_0', type: 0, subtype: 0x10, at: 0x10000, size: 0x100000 },
  { name: 'ota_1', type: 0, subtype: 0x11, at: 0x110000, size: 0x100000 },
]);

let folder: string;
let table: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
  table = join(folder, 'table.bin');
  await writeFile(table, TABLE);
});
afterAll(() => rm(folder, { recursive: true }));

function withWord(bytes: Uint8Array, at: number, word: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(at, word, true);
  return copy;
}

/** Cut at every boundary, lengths made extreme, control characters in texts, bits flipped at random. */
async function mutations(): Promise<readonly Uint8Array[]> {
  const [tiny, app, bootloader] = [
    await buildTinyApp(),
    await buildTestApp(),
    await buildTestBootloader(),
  ];
  const merged = mergeAt({ 0x1000: bootloader, 0x8000: TABLE, 0x10000: tiny });
  const boundaries = [
    0, 1, 4, 8, 12, 23, 24, 28, 32, 33, 80, 287, 288, 292, 296, 312, 319, 320, 351,
  ];
  const evil = await buildTinyApp({
    version: '\u001b[2J\r\n\u0007',
    projectName: '\u202e\u0000\u009b',
    idfVersion: '\n    at fake (stack.ts:1:1)',
  });
  const random = randomFrom(3);
  return [
    ...boundaries.map((length) => tiny.subarray(0, length)),
    ...boundaries.map((length) => merged.subarray(0, 0x10000 + length)),
    ...[4, 8, 12, 16, 20, 24, 28, 288, 292].flatMap((at) =>
      [0xffffffff, 0xfffffffc, 0x7fffffff, 0x80000000, 0].map((word) => withWord(tiny, at, word)),
    ),
    evil,
    mergeAt({ 0x8000: TABLE, 0x10000: evil }),
    ...Array.from({ length: 420 }, () =>
      mutate([tiny, evil, app, bootloader, merged, TABLE], [], random),
    ),
  ];
}

describe('500 mutated images', () => {
  it('each get a verdict with a code and a hint, and no stack', async () => {
    const inputs = await mutations();
    const path = join(folder, 'image.bin');
    for (const [index, input] of inputs.entries()) {
      await writeFile(path, input);
      const verdict = await otakit(['image', 'check', path, '--partitions', table]);
      const info = await otakit(['image', 'info', path]);
      const text = `${verdict.stdout}${verdict.stderr}${info.stdout}${info.stderr}`;
      expect([0, 3]).toContain(verdict.exitCode);
      if (verdict.exitCode === 3) {
        expect(verdict.stderr).toMatch(/error [a-z-]+\/[a-z0-9-]+: \S/);
        expect(verdict.stderr).toMatch(/hint: \S/);
      }
      expect({ index, exitCode: info.exitCode }).toEqual({ index, exitCode: 0 });
      // oxlint-disable-next-line no-control-regex -- none may reach a terminal
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(text).not.toMatch(/^ {4}at |cli\/bug/m);
    }
    expect(inputs.length).toBeGreaterThanOrEqual(500);
  });

  it('and so do mutated tables', async () => {
    const image = join(folder, 'good.bin');
    const path = join(folder, 'mutated-table.bin');
    await writeFile(image, await buildTinyApp());
    const random = randomFrom(4);
    for (let round = 0; round < 100; round += 1) {
      await writeFile(path, mutate([TABLE], [], random));
      const { exitCode, stderr } = await otakit(['image', 'check', image, '-p', path]);
      expect([0, 3]).toContain(exitCode);
      if (exitCode === 3) expect(stderr).toMatch(/error [a-z-]+\/[a-z0-9-]+: [\s\S]*hint: \S/);
      expect(stderr).not.toMatch(/^ {4}at |cli\/bug/m);
    }
  });
});
