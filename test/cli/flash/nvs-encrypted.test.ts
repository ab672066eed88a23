import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { decryptNvs, parseNvs, parseNvsKeys } from '../../../src/flash-data/index.ts';
import {
  parsePartitionTable,
  serializePartitionBinary,
} from '../../../src/partition-table/index.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { listenTcp, VirtualChip } from '../../../src/simulator/index.ts';
import { otakit } from '../../support/cli.ts';
import { describeWithPeers } from '../../support/peer.ts';
import { runPeer } from '../../support/run-peer.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const WITHOUT_KEYS = 'nvs, data, nvs, 0x9000, 0x4000\nota_0, app, ota_0, 0x20000, 0x20000\n';
const WITH_KEYS = `${WITHOUT_KEYS}nvs_keys, data, nvs_keys, 0x40000, 0x1000, encrypted\n`;
const SETTINGS = 'key,type,encoding,value\nwifi,namespace,,\npassword,data,string,hunter2\n';

let folder: string;
let csv: string;
let keys: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  csv = await file('settings.csv', SETTINGS);
  keys = join(folder, 'keys.bin');
  await otakit(['nvs', 'keys', '-o', keys]);
});

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function plugIn(table: string) {
  const chip = new VirtualChip({ chip: 'esp32c3', clock: systemClock });
  const parsed = parsePartitionTable(new TextEncoder().encode(table));
  chip.flash.load(0x8000, serializePartitionBinary(parsed));
  const listener = await listenTcp(chip, '127.0.0.1', 0);
  onTestFinished(() => listener[Symbol.asyncDispose]());
  const before = chip.flash.read(0, chip.flash.sizeBytes).slice();
  return {
    chip,
    nvs: (...args: string[]) => otakit(['flash', 'nvs', ...args, '--port', listener.target]),
    isUntouched: () =>
      Buffer.compare(before, chip.flash.read(0, chip.flash.sizeBytes)) === 0 ? 'yes' : 'no',
  };
}

function password(nvs: Uint8Array): unknown {
  const found = parseNvs(nvs).variables.find(({ key }) => key === 'password');
  return found?.value.type === 'string' ? found.value.text : undefined;
}

describe('NVS that a board expects encrypted', () => {
  it('is not written in the clear unless asked for', async () => {
    const { chip, nvs, isUntouched } = await plugIn(WITH_KEYS);
    const plain = await nvs(csv);
    expect(plain).toMatchObject({ exitCode: 3 });
    expect(plain.stderr).toContain('flash/nvs-encrypted: NVS would be written in the clear');
    const rows = await file('rows.csv', 'id,wifi:password:string\nA,one\n');
    const row = await nvs('--nvs-rows', rows);
    expect(row.stderr).toContain('flash/nvs-encrypted:');
    expect(isUntouched()).toBe('yes');
    await expect(readFile(`${rows}.boards.jsonl`)).rejects.toThrow('ENOENT');
    expect(await nvs(csv, '--nvs-plain')).toMatchObject({ exitCode: 0 });
    expect(password(chip.flash.read(0x9000, 0x4000))).toBe('hunter2');
  });

  it('is encrypted with --nvs-keys, which go to their own partition', async () => {
    const { chip, nvs } = await plugIn(WITH_KEYS);
    const done = await nvs(csv, '--nvs-keys', keys);
    expect(done).toMatchObject({ exitCode: 0 });
    const keysBytes = new Uint8Array(await readFile(keys));
    expect(chip.flash.read(0x4_0000, 0x1000)).toEqual(keysBytes);
    const stored = chip.flash.read(0x9000, 0x4000);
    expect(parseNvs(stored).issues.map(({ code }) => code)).toContain('nvs/encrypted');
    expect(password(await decryptNvs(stored, parseNvsKeys(keysBytes)))).toBe('hunter2');
  });

  it('is taken as it is where the image is encrypted already, with the same keys', async () => {
    const { chip, nvs, isUntouched } = await plugIn(WITH_KEYS);
    const image = join(folder, 'nvs.bin');
    await otakit(['nvs', 'build', csv, '--size', '0x4000', '--keys', keys, '-o', image]);
    const others = join(folder, 'others.bin');
    await otakit(['nvs', 'keys', '-o', others]);
    const wrong = await nvs(image, '--nvs-keys', others);
    expect(wrong).toMatchObject({ exitCode: 3 });
    expect(wrong.stderr).toContain('flash/nvs-encrypted: the image of NVS is encrypted with other');
    expect(isUntouched()).toBe('yes');
    for (const args of [[], ['--nvs-keys', keys]]) {
      expect(await nvs(image, ...args)).toMatchObject({ exitCode: 0 });
      expect(chip.flash.read(0x9000, 0x4000)).toEqual(new Uint8Array(await readFile(image)));
    }
  });

  it('is encrypted with the key of the chip too, a row for each board', async () => {
    const { chip, nvs } = await plugIn(WITHOUT_KEYS);
    const hmacKey = join(folder, 'hmac.bin');
    await writeFile(hmacKey, new Uint8Array(32).fill(7));
    const rows = await file('rows.csv', 'id,wifi:password:string\nA,one\n');
    const done = await nvs('--nvs-rows', rows, '--nvs-hmac-key', hmacKey);
    expect(done).toMatchObject({ exitCode: 0 });
    const dump = join(folder, 'dump.bin');
    await writeFile(dump, chip.flash.read(0x9000, 0x4000));
    const get = ['nvs', 'get', dump, 'wifi', 'password', '--reveal'];
    expect((await otakit([...get, '--hmac-key', hmacKey])).stdout).toBe('one\n');
  });

  it('needs a place for the keys, and one kind of key', async () => {
    const { nvs, isUntouched } = await plugIn(WITHOUT_KEYS);
    const homeless = await nvs(csv, '--nvs-keys', keys);
    expect(homeless).toMatchObject({ exitCode: 2 });
    expect(homeless.stderr).toContain('no place for the keys of --nvs-keys');
    for (const second of [['--nvs-hmac-key', keys], ['--nvs-plain']]) {
      expect(await nvs(csv, '--nvs-keys', keys, ...second)).toMatchObject({ exitCode: 2 });
    }
    expect(isUntouched()).toBe('yes');
  });
});

describe('otakit flash write', () => {
  it('refuses what is about NVS of rows where it writes none', async () => {
    const write = (...args: string[]) =>
      otakit(['flash', 'write', csv, ...args, '--port', '/dev/none']);
    const aboutNvs = [['--nvs-keys', keys], ['--nvs-hmac-key', keys], ['--nvs-plain']];
    for (const args of [...aboutNvs, ['--partition', 'nvs']]) {
      const { exitCode, stderr } = await write(...args);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`error cli/usage: ${args[0]}: only for --nvs-rows here`);
      expect(stderr).toContain('hint: Add --nvs-rows');
    }
  });
});

describe('otakit flash nvs --dry-run', () => {
  it('shows what would be written, and opens no port', async () => {
    const table = await file('table.csv', WITH_KEYS);
    const nvs = (...args: string[]) =>
      otakit(['flash', 'nvs', csv, '--port', '/dev/none', '--dry-run', ...args]);
    const shown = await nvs('--partitions', table, '--nvs-keys', keys);
    expect(shown).toMatchObject({ exitCode: 0, stdout: '' });
    expect(shown.stderr).toMatch(/0x9000 +16 KB +nvs +data/);
    expect(shown.stderr).toMatch(/0x40000 +4 KB +nvs_keys +data/);
    const json = await nvs('--partitions', table, '--nvs-keys', keys, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      parts: [
        { partition: 'nvs', flashOffset: 0x9000, sizeBytes: 0x4000 },
        { partition: 'nvs_keys', flashOffset: 0x4_0000, sizeBytes: 0x1000 },
      ],
      issues: [],
    });
    expect((await nvs('--partitions', table)).stderr).toContain('flash/nvs-encrypted:');
    const without = await nvs();
    expect(without).toMatchObject({ exitCode: 3 });
    expect(without.stderr).toContain('flash/no-table: without a board');
  });
});

describeWithPeers(['peer-python'], 'encrypted NVS beside nvs_partition_gen', ([python = '']) => {
  it('is what that tool makes with the same keys', async () => {
    const { chip, nvs } = await plugIn(WITH_KEYS);
    expect(await nvs(csv, '--nvs-keys', keys)).toMatchObject({ exitCode: 0 });
    const made = join(folder, 'made.bin');
    const encrypt = ['encrypt', csv, made, '0x4000', '--inputkey', keys];
    const run = await runPeer(python, ['-m', 'esp_idf_nvs_partition_gen', ...encrypt]);
    expect(run).toMatchObject({ exitCode: 0 });
    expect(chip.flash.read(0x9000, 0x4000)).toEqual(new Uint8Array(await readFile(made)));
  });
});
