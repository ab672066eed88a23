import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { otadataBytes } from '../../flash-data/otadata/fixtures.ts';
import { parsePartitionCsv, serializePartitionBinary } from '../../../src/partition-table/index.ts';
import { otakit } from '../../support/cli.ts';

const TABLE = `nvs, data, nvs, 0x9000, 0x4000
otadata, data, ota, 0xd000, 0x2000
app, app, factory, 0x10000, 0x10000
first, app, ota_0, 0x20000, 0x10000
second, app, ota_1, 0x30000, 0x10000
`;

let folder: string;
let file: string;
let table: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
  file = join(folder, 'otadata.bin');
  table = join(folder, 'partitions.csv');
  await writeFile(table, TABLE);
  await writeFile(file, otadataBytes({ sequence: 3, state: 2 }, { sequence: 2, state: 4 }));
});
afterEach(() => rm(folder, { recursive: true }));

async function shown(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, exitCode } = await otakit(['otadata', 'show', ...args, '--json']);
  expect(exitCode).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('otakit otadata show', () => {
  it('says which slot boots and why, for people', async () => {
    const { stdout, exitCode } = await otakit(['otadata', 'show', file, '--partitions', table]);
    expect(exitCode).toBe(0);
    expect(stdout)
      .toBe(`boots ota_0 ("first"): record 0 has the highest usable sequence number (3) and selects ota_0
if its image is bad: factory, then ota_1

Record  Sequence  Slot   State    CRC   Use
     0         3  ota_0  valid    good  in charge
     1         2  ota_1  aborted  good  ignored
`);
  });

  it('says it in JSON', async () => {
    expect(await shown(file, '--partitions', table)).toMatchObject({
      boots: 'ota_0',
      partition: 'first',
      reason: 'otadata',
      activeRecord: 0,
      attempts: ['ota_0', 'factory', 'ota_1'],
      records: [
        { sequence: 3, slot: 'ota_0', state: 'valid' },
        { state: 'aborted', eligible: false },
      ],
      issues: [],
    });
  });

  it('foresees what the bootloader does with rollback', async () => {
    await writeFile(file, otadataBytes({ sequence: 1, state: 2 }, { sequence: 2, state: 1 }));
    expect(await shown(file, '--partitions', table)).toMatchObject({ boots: 'ota_1' });
    const { stdout, stderr } = await otakit([
      'otadata',
      'show',
      file,
      '--partitions',
      table,
      '--rollback',
    ]);
    expect(stdout).toContain('boots ota_0');
    expect(stdout).toContain('will write record 1: sequence 2, state aborted');
    expect(stderr).toContain('otadata/will-abort');
  });

  it('finds table and otadata in a dump of the whole flash', async () => {
    const flash = new Uint8Array(0x40000).fill(0xff);
    flash.set(serializePartitionBinary(parsePartitionCsv(TABLE)), 0x8000);
    flash.set(otadataBytes(null, { sequence: 2, state: 0xffffffff }), 0xd000);
    const dump = join(folder, 'flash.bin');
    await writeFile(dump, flash);
    expect(await shown(dump)).toMatchObject({ boots: 'ota_1' });
    await otakit(['otadata', 'switch', dump, '--slot', 'ota_0']);
    expect(await shown(dump)).toMatchObject({ boots: 'ota_0' });
    const after = new Uint8Array(await readFile(dump));
    flash.set(
      otadataBytes({ sequence: 3, state: 0xffffffff }, { sequence: 2, state: 0xffffffff }),
      0xd000,
    );
    expect(Buffer.compare(after, flash)).toBe(0);
  });

  it('is null and exit 3 where nothing can boot', async () => {
    await writeFile(table, 'otadata, data, ota, 0xd000, 0x2000\n');
    const { stdout, exitCode } = await otakit([
      'otadata',
      'show',
      file,
      '--partitions',
      table,
      '--json',
    ]);
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      boots: null,
      issues: [{ code: 'otadata/nothing-boots' }],
    });
  });

  it('asks for a table where there is none, and refuses files that end before otadata', async () => {
    const { exitCode, stderr } = await otakit(['otadata', 'show', file]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--partitions')]);
    await writeFile(file, new Uint8Array(0x1000));
    const short = await otakit(['otadata', 'show', file, '--partitions', table]);
    expect([short.exitCode, short.stderr]).toEqual([
      3,
      expect.stringContaining('otadata/not-in-file'),
    ]);
  });
});

describe('otakit otadata switch', () => {
  it('writes a record that boots, over the aborted one, into the file itself', async () => {
    const { stdout, exitCode } = await otakit([
      'otadata',
      'switch',
      file,
      '--partitions',
      table,
      '--slot',
      'ota_1',
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('written; boots ota_1');
    expect(await shown(file, '--partitions', table)).toMatchObject({
      boots: 'ota_1',
      records: [{ sequence: 3 }, { sequence: 4, state: 'undefined' }],
    });
  });

  it('leaves the file alone with -o, and does not overwrite without --force', async () => {
    const before = await readFile(file);
    const output = join(folder, 'out.bin');
    const args = [
      'otadata',
      'switch',
      file,
      '--partitions',
      table,
      '--slot',
      'second',
      '--rollback',
      '-o',
      output,
    ];
    expect((await otakit(args)).exitCode).toBe(0);
    expect(await readFile(file)).toEqual(before);
    expect(await shown(output, '--partitions', table)).toMatchObject({
      boots: 'ota_1',
      records: [{}, { state: 'new' }],
    });
    expect((await otakit(args)).stderr).toContain('cli/file-exists');
    expect((await otakit([...args, '--force'])).exitCode).toBe(0);
  });

  it('refuses slots and states that are none', async () => {
    const slot = await otakit([
      'otadata',
      'switch',
      file,
      '--partitions',
      table,
      '--slot',
      'ota_2',
    ]);
    expect([slot.exitCode, slot.stderr]).toEqual([
      2,
      expect.stringContaining('factory, ota_0, ota_1'),
    ]);
    const state = await otakit([
      'otadata',
      'switch',
      file,
      '--slot',
      'ota_1',
      '--state',
      'aborted',
    ]);
    expect(state.exitCode).toBe(2);
    expect((await otakit(['otadata', 'switch', file, '--slot', 'ota_1'])).exitCode).toBe(2);
  });
});

describe('otakit otadata mark and erase', () => {
  it('need no table for otadata alone', async () => {
    expect((await otakit(['otadata', 'mark', file, '--state', 'invalid'])).exitCode).toBe(0);
    expect(await shown(file, '--partitions', table)).toMatchObject({ boots: 'factory' });
    const named = await otakit([
      'otadata',
      'mark',
      file,
      '--state',
      'valid',
      '--record',
      '1',
      '--json',
    ]);
    expect(JSON.parse(named.stdout)).toEqual({ file, changed: true });
    expect(await shown(file, '--partitions', table)).toMatchObject({ boots: 'ota_1' });
    await otakit(['otadata', 'erase', file]);
    expect(new Uint8Array(await readFile(file))).toEqual(otadataBytes(null, null));
    expect((await otakit(['otadata', 'mark', file, '--state', 'valid'])).exitCode).toBe(3);
    await otakit(['otadata', 'switch', file, '--slot', 'factory']);
    expect((await otakit(['otadata', 'mark', file, '--state', 'good'])).exitCode).toBe(2);
    expect(
      (await otakit(['otadata', 'mark', file, '--state', 'valid', '--record', '2'])).exitCode,
    ).toBe(2);
  });
});
