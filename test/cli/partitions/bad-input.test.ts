import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  parsePartitionTable,
  serializePartitionBinary,
} from '../../../src/partition-table/index.ts';
import { otakit } from '../../support/cli.ts';
import { REPOSITORY } from '../../support/source-files.ts';

const PRIMER = join(REPOSITORY, 'partitions', 'ota-primer-4mb.csv');

let folder: string;
let csv: Uint8Array;
let binary: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
  csv = new Uint8Array(await readFile(PRIMER));
  binary = serializePartitionBinary(parsePartitionTable(csv)).subarray(0, 8 * 32);
});
afterAll(() => rm(folder, { recursive: true }));

/** The inputs on which `check` does not answer with a code and a hint, or lets through a stack. */
async function badAnswers(inputs: readonly Uint8Array[]): Promise<readonly unknown[]> {
  const path = join(folder, 'table');
  const bad: unknown[] = [];
  for (const [index, input] of inputs.entries()) {
    await writeFile(path, input);
    const { exitCode, stdout, stderr } = await otakit(['partitions', 'check', path]);
    const said = stdout + stderr;
    const stack = /^\s+at .*:\d+:\d+\)?$/m.test(said);
    // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
    const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(said);
    const answered =
      exitCode === 0 ||
      (exitCode === 3 && /error partition-table\/[a-z0-9-]+: .*\n\s*hint: /.test(said));
    if (stack || control || !answered) bad.push({ index, exitCode, said });
  }
  return bad;
}

describe('bad input', () => {
  it('cut at every byte', async () => {
    const cut = (bytes: Uint8Array) =>
      Array.from({ length: bytes.length }, (_, length) => bytes.subarray(0, length));
    expect(await badAnswers([...cut(csv), ...cut(binary)])).toEqual([]);
  });

  it('with a bit flipped in every byte', async () => {
    const flipped = (bytes: Uint8Array) =>
      Array.from(bytes, (byte, index) => bytes.with(index, byte ^ (1 << (index % 8))));
    expect(await badAnswers([...flipped(csv), ...flipped(binary)])).toEqual([]);
  });

  it('with offsets and sizes of 2^32 - 1', async () => {
    const extreme = Array.from({ length: 6 }, (_, row) => [4, 8].map((field) => row * 32 + field));
    const binaries = extreme.flat().map((offset) => {
      const bytes = binary.slice();
      bytes.fill(0xff, offset, offset + 4);
      // Without the MD5 row, which would tell on it first.
      bytes.fill(0xff, 6 * 32);
      return bytes;
    });
    const texts = ['0xffffffff', '4294967295', '0x100000000', '-1', '9'.repeat(400)].flatMap(
      (value) => [`a,data,nvs,${value},16K`, `a,data,nvs,,${value}`, `a,${value},${value},,16K`],
    );
    expect(
      await badAnswers([...binaries, ...texts.map((text) => new TextEncoder().encode(text))]),
    ).toEqual([]);
  });

  it('with control characters in names', async () => {
    const names = ['\u001b[2J', '\u0007', 'a\u0008\u0008', '\u009b31m', '\u202egnp', '\u0000x'];
    const texts = names.map((name) => new TextEncoder().encode(`${name},data,nvs,,16K\n`));
    const binaries = names.map((name) => {
      const bytes = binary.slice();
      bytes.fill(0, 12, 28);
      bytes.set(new TextEncoder().encode(name).subarray(0, 16), 12);
      bytes.fill(0xff, 6 * 32);
      return bytes;
    });
    expect(await badAnswers([...texts, ...binaries])).toEqual([]);
  });
});
