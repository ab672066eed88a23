import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parseNvs } from '../../../src/flash-data/index.ts';
import {
  parsePartitionTable,
  serializePartitionBinary,
} from '../../../src/partition-table/index.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { listenTcp, VirtualChip } from '../../../src/simulator/index.ts';
import { otakit } from '../../support/cli.ts';
import { describeWithPeers } from '../../support/peer.ts';
import { runPeer } from '../../support/run-peer.ts';
import { REPOSITORY } from '../../support/source-files.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const MERGED = join(REPOSITORY, 'firmware-samples/images/hello-esp32c3-1.0.0-merged.bin');
const TABLE = [
  'nvs, data, nvs, 0x9000, 0x4000',
  'otadata, data, ota, 0xd000, 0x2000',
  'fctry, data, nvs, 0xf000, 0x3000',
  'ota_0, app, ota_0, 0x20000, 0x20000',
].join('\n');
const NVS = { offset: 0x9000, size: 0x4000 };
const FACTORY = { offset: 0xf000, size: 0x3000 };
const SECRET = 'correct-horse-battery';
const SETTINGS = `key,type,encoding,value\nwifi,namespace,,\nssid,data,string,bench\npassword,data,string,${SECRET}\n`;

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** A board with that table on it, and something old in both of its NVS partitions. */
async function plugIn(number = 1, table = TABLE) {
  const chip = new VirtualChip({
    chip: 'esp32c3',
    clock: systemClock,
    identity: { mac: [2, 0, 0, 0, 0, number] },
  });
  const parsed = parsePartitionTable(new TextEncoder().encode(table));
  chip.flash.load(0x8000, serializePartitionBinary(parsed));
  chip.flash.load(NVS.offset, new Uint8Array(0x8000).fill(0x5a));
  const listener = await listenTcp(chip, '127.0.0.1', 0);
  onTestFinished(() => listener[Symbol.asyncDispose]());
  const read = ({ offset, size }: typeof NVS) => chip.flash.read(offset, size);
  return { chip, target: listener.target, read, mac: `02:00:00:00:00:0${number}` };
}

function stored(bytes: Uint8Array): Readonly<Record<string, string>> {
  return Object.fromEntries(
    parseNvs(bytes).variables.map(({ namespace, key, value }) => [
      `${namespace}:${key}`,
      value.type === 'string' ? (value.text ?? '') : 'value' in value ? `${value.value}` : '',
    ]),
  );
}

describe('otakit flash nvs', () => {
  it('builds a CSV to the size that the board says, and touches nothing else', async () => {
    const { chip, target, read } = await plugIn();
    const csv = await file('settings.csv', SETTINGS);
    const before = chip.flash.read(0, chip.flash.sizeBytes).slice();
    const run = await otakit(['flash', 'nvs', csv, '--port', target]);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toMatch(/0x9000 +16 KB +nvs +data/);
    expect(run.stdout).toContain('verified');
    expect(run.stdout + run.stderr).not.toContain(SECRET);
    const built = join(folder, 'built.bin');
    await otakit(['nvs', 'build', csv, '--size', '0x4000', '-o', built]);
    expect(read(NVS)).toEqual(new Uint8Array(await readFile(built)));
    before.set(read(NVS), NVS.offset);
    expect(chip.flash.read(0, chip.flash.sizeBytes)).toEqual(before);
  });

  it('takes an image, and leaves no page of an older NVS behind it', async () => {
    const { target, read } = await plugIn();
    const csv = await file('settings.csv', SETTINGS);
    const image = join(folder, 'small.bin');
    await otakit(['nvs', 'build', csv, '--size', '0x3000', '-o', image]);
    const args = ['flash', 'nvs', image, '--partition', 'nvs', '--port', target];
    expect((await otakit(args)).exitCode).toBe(0);
    expect(read(NVS).subarray(0, 0x3000)).toEqual(new Uint8Array(await readFile(image)));
    expect(read(NVS).subarray(0x3000)).toEqual(new Uint8Array(0x1000).fill(0xff));
  });

  it('finds the partition by name', async () => {
    const { target, read } = await plugIn();
    const csv = await file('settings.csv', SETTINGS);
    await otakit(['flash', 'nvs', csv, '--partition', 'fctry', '--port', target]);
    expect(stored(read(FACTORY))).toEqual({ 'wifi:ssid': 'bench', 'wifi:password': SECRET });
    expect(read(NVS)[0]).toBe(0x5a);
    const none = await otakit(['flash', 'nvs', csv, '--partition', 'ota_0', '--port', target]);
    expect(none).toMatchObject({ exitCode: 2 });
    expect(none.stderr).toContain('It has nvs, fctry.');
  });

  it('refuses what does not fit or is no NVS, and writes nothing', async () => {
    const { chip, target } = await plugIn();
    const before = chip.flash.read(0, chip.flash.sizeBytes).slice();
    const rows = Array.from(
      { length: 500 },
      (_, index) => `k${index},data,string,${'x'.repeat(60)}`,
    );
    const large = await file(
      'large.csv',
      `key,type,encoding,value\ns,namespace,,\n${rows.join('\n')}\n`,
    );
    const nvs = (...args: string[]) => otakit(['flash', 'nvs', ...args, '--port', target]);
    const full = await nvs(large);
    expect(full).toMatchObject({ exitCode: 3 });
    expect(full.stderr).toContain('nvs/full:');
    const image = join(folder, 'large.bin');
    await otakit(['nvs', 'build', large, '--size', '0x20000', '-o', image]);
    const tooLarge = await nvs(image);
    expect(tooLarge).toMatchObject({ exitCode: 3 });
    expect(tooLarge.stderr).toContain('flash/does-not-fit:');
    const app = await nvs(MERGED);
    expect(app).toMatchObject({ exitCode: 3 });
    expect(app.stderr).toContain('nvs/not-nvs:');
    const otherTable = await file(
      'other.csv',
      'nvs, data, nvs, 0x9000, 0x6000\napp, app, factory, 0x10000, 1M\n',
    );
    const csv = await file('settings.csv', SETTINGS);
    const mismatch = await nvs(csv, '--partitions', otherTable);
    expect(mismatch.stderr).toContain('flash/table-mismatch:');
    expect((await nvs()).exitCode).toBe(2);
    expect((await nvs(image, csv)).exitCode).toBe(2);
    expect(chip.flash.read(0, chip.flash.sizeBytes)).toEqual(before);
  });

  it('checks against --partitions before a port is opened', async () => {
    const table = await file(
      'small.csv',
      'nvs, data, nvs, 0x9000, 0x3000\napp, app, factory, 0x10000, 1M\n',
    );
    const image = await file('image.bin', new Uint8Array(0x4000).fill(0xff));
    const args = ['flash', 'nvs', image, '--partitions', table, '--port', 'tcp://127.0.0.1:1'];
    expect((await otakit(args)).stderr).toContain('flash/does-not-fit:');
  });
});

describe('--nvs-rows', () => {
  const ROWS = `id,mac,factory:serial:string,wifi:password:string
SN-1,,one,${SECRET}1
SN-2,02:00:00:00:00:03,two,${SECRET}2
SN-3,,three,${SECRET}3
`;

  it('gives each of several boards a row of its own, and the same again', async () => {
    const boards = await Promise.all([1, 2, 3].map((number) => plugIn(number)));
    const rows = await file('boards.csv', ROWS);
    const shared = await file('settings.csv', SETTINGS);
    const port = boards.map(({ target }) => target).join(',');
    const args = ['flash', 'nvs', shared, '--nvs-rows', rows, '--port', port];
    const run = await otakit(args);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain('for each board; 3 rows, 2 free, 1 with a MAC address\n');
    expect(run.stdout).toContain('3 of 3 boards done');
    expect(run.stdout).toMatch(/02:00:00:00:00:03: .*; NVS has the row SN-2\n/);
    const held = boards.map(({ read }) => stored(read(NVS)));
    expect(new Set(held.map((one) => one['factory:serial']))).toEqual(
      new Set(['one', 'two', 'three']),
    );
    expect(held[2]).toEqual({
      'wifi:ssid': 'bench',
      'factory:serial': 'two',
      'wifi:password': `${SECRET}2`,
    });
    const journal = await readFile(`${rows}.boards.jsonl`, 'utf8');
    expect(run.stdout + run.stderr + journal).not.toContain(SECRET);
    const again = await otakit([...args, '--json']);
    const { boards: results } = JSON.parse(again.stdout) as { boards: { nvsRow: string }[] };
    expect(results[2]?.nvsRow).toBe('SN-2');
    expect(boards.map(({ read }) => stored(read(NVS)))).toEqual(held);

    const fourth = await plugIn(4);
    const late = await otakit(['flash', 'nvs', '--nvs-rows', rows, '--port', fourth.target]);
    expect(late).toMatchObject({ exitCode: 3 });
    expect(late.stderr).toContain('3 rows, 0 free, 1 with a MAC address\n');
    expect(late.stderr).toContain('nvs/no-row-left:');
    expect(fourth.read(NVS)[0]).toBe(0x5a);
  });

  it('goes with a first flash, and a refused board uses no row up', async () => {
    const rows = await file('boards.csv', ROWS);
    const wrong = await plugIn(1);
    const esp32 = join(REPOSITORY, 'firmware-samples/images/hello-esp32-1.0.0-merged.bin');
    const write = (image: string, target: string) =>
      otakit(['flash', 'write', image, '--nvs-rows', rows, '--port', target]);
    expect((await write(esp32, wrong.target)).exitCode).toBe(3);
    const { read, target } = await plugIn(2);
    const run = await write(MERGED, target);
    expect(run.stdout).toContain('; NVS has the row SN-1');
    expect(stored(read(NVS))).toEqual({ 'factory:serial': 'one', 'wifi:password': `${SECRET}1` });
  });

  it('keeps to the journal after a crash, and stops where that is damaged', async () => {
    const rows = await file('boards.csv', ROWS);
    const journal = `${rows}.boards.jsonl`;
    // The crash of a bench after the claim of a board, in the middle of the next line.
    const claim = JSON.stringify({
      row: 'SN-1',
      line: 2,
      mac: '02:00:00:00:00:09',
      state: 'taken',
    });
    await writeFile(journal, `${claim}\n{"row":"SN-3","mac":"02:`);
    const { read, target } = await plugIn(1);
    const args = ['flash', 'nvs', '--nvs-rows', rows, '--port', target];
    expect((await otakit(args)).stdout).toContain('; NVS has the row SN-3');
    expect(stored(read(NVS))['factory:serial']).toBe('three');
    expect((await otakit(args)).stdout).toContain('; NVS has the row SN-3');
    const states = (await readFile(journal, 'utf8'))
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => (JSON.parse(line) as { state: string }).state);
    expect(states).toEqual(['taken', 'taken', 'flashed', 'flashed']);
    await writeFile(journal, `${claim}\n{"oops":1}\n`);
    const damaged = await otakit(args);
    expect(damaged).toMatchObject({ exitCode: 3 });
    expect(damaged.stderr).toContain('cli/bad-journal:');
    await writeFile(journal, `${JSON.stringify({ row: 'SN-9', mac: '02:00:00:00:00:01' })}\n`);
    expect((await otakit(args)).stderr).toContain('nvs/row-conflict:');
  });

  it('checks all rows before a port is opened, where the table is known', async () => {
    const table = await file('table.csv', TABLE);
    const long = await file('long.csv', `id,s:k:string\na,short\nb,${'x'.repeat(5000)}\n`);
    const check = (rows: string) =>
      otakit([
        'flash',
        'nvs',
        '--nvs-rows',
        rows,
        '--partitions',
        table,
        '--port',
        'tcp://127.0.0.1:1',
      ]);
    expect((await check(long)).stderr).toContain('nvs/value-too-long:');
    const number = await file('number.csv', `id,s:k:u8\na,1\nb,${SECRET}\n`);
    const wrong = await check(number);
    expect(wrong.stderr).toContain('nvs/bad-value: line 3');
    expect(wrong.stderr).not.toContain(SECRET);
    const dry = ['flash', 'write', MERGED, '--nvs-rows', long, '--dry-run'];
    expect((await otakit(dry)).exitCode).toBe(3);
    const twice = await file('twice.csv', 's:k:u8\n7\n7\n');
    expect((await check(twice)).stderr).toContain('nvs/row-twice:');
  });

  it('refuses what does not go together', async () => {
    const rows = await file('boards.csv', ROWS);
    const image = await file('image.bin', new Uint8Array(0x4000).fill(0xff));
    const run = (...args: string[]) => otakit(['flash', ...args, '--port', 'tcp://127.0.0.1:1']);
    expect((await run('nvs', image, '--nvs-rows', rows)).exitCode).toBe(2);
    expect((await run('nvs', '--nvs-config', rows)).stderr).toContain('Add --nvs-rows');
  });
});

describeWithPeers(
  ['esptool', 'peer-python'],
  'otakit flash nvs beside esptool and nvs_partition_gen',
  ([esptool = '', python = '']) => {
    it('puts into flash what they would', async () => {
      const { target } = await plugIn();
      const csv = await file('settings.csv', SETTINGS);
      await otakit(['flash', 'nvs', csv, '--port', target]);
      const generated = join(folder, 'generated.bin');
      const generate = ['-m', 'esp_idf_nvs_partition_gen', 'generate', csv, generated, '0x4000'];
      expect(await runPeer(python, generate)).toMatchObject({ exitCode: 0 });
      const read = join(folder, 'read.bin');
      const port = ['--port', target.replace('tcp://', 'socket://')];
      const stay = ['--before', 'no-reset', '--after', 'no-reset'];
      const dump = [...port, ...stay, 'read-flash', '0x9000', '0x4000', read];
      expect(await runPeer(esptool, dump)).toMatchObject({ exitCode: 0 });
      expect(await readFile(read)).toEqual(await readFile(generated));
    });
  },
);
