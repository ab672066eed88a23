import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePartitionCsv, serializePartitionBinary } from '../../../src/partition-table/index.ts';
import { otakit } from '../../support/cli.ts';
import { REPOSITORY } from '../../support/source-files.ts';

const PRIMER = join(REPOSITORY, 'partitions', 'ota-primer-4mb.csv');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('partitions show', () => {
  it('prints the table, what is free, and a map', async () => {
    const { exitCode, stdout, stderr } = await otakit(['partitions', 'show', PRIMER]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('6 entries, table at 0x8000, at least 4 MB of flash, 960 KB free');
    expect(stdout).toMatch(/^ota_1 +app +ota_1 +0x210000 +0x30ffff +1 MB +0x100000$/m);
    expect(stdout).toMatch(/^\(free\) +0x310000 +0x3fffff +960 KB +0xf0000$/m);
    expect(stdout).toMatch(/^0x110000 ├─+┤$/m);
    expect(stdout).toMatch(/│ ota_0 +│ +1 MB {2}app\/ota_0$/m);
    expect(stdout).toMatch(/^0x400000 └─+┘$/m);
  });

  it('prints JSON', async () => {
    const { stdout } = await otakit([
      'partitions',
      'show',
      PRIMER,
      '--json',
      '--flash-size',
      '8MB',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      form: 'csv',
      tableFlashOffset: 0x8000,
      flashSizeBytes: 8 * 1024 * 1024,
      usedBytes: 0x310000,
      entries: expect.arrayContaining([
        expect.objectContaining({ name: 'ota_1', typeName: 'app', subtypeName: 'ota_1' }),
      ]),
      free: [{ flashOffset: 0x310000, sizeBytes: 0x4f0000 }],
      issues: [],
    });
  });

  it('reads a binary table, also out of a flash dump', async () => {
    const bytes = serializePartitionBinary(parsePartitionCsv('app,app,factory,,1M\n'));
    const binary = await file('table.bin', bytes);
    const dump = new Uint8Array(0x20000).fill(0xff);
    dump.set(bytes, 0x9000);
    const dumped = await file('dump.bin', dump);
    const plain = await otakit(['partitions', 'show', binary, '--json']);
    const inside = await otakit(['partitions', 'show', dumped, '--offset', '0x9000', '--json']);
    expect(JSON.parse(plain.stdout)).toMatchObject({ form: 'binary', tableFlashOffset: 0x8000 });
    expect(JSON.parse(inside.stdout)).toMatchObject({
      form: 'binary',
      tableFlashOffset: 0x9000,
      entries: [{ name: 'app', flashOffset: 0x10000 }],
    });
  });

  it('lists all faulty rows with line and column, and exits 3', async () => {
    const path = await file('bad.csv', 'a,foo,1,,1M\nb,data,nvs,,1.5M\n');
    const { exitCode, stdout, stderr } = await otakit(['partitions', 'show', path]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr).toContain(`${path}:1:3: error partition-table/unknown-keyword: `);
    expect(stderr).toContain(`${path}:2:13: error partition-table/invalid-number: `);
  });

  it('shows a table that ESP-IDF would refuse, with the reasons', async () => {
    const path = await file('odd.csv', 'a,app,factory,0x18000,1M\n');
    const { exitCode, stdout, stderr } = await otakit(['partitions', 'show', path]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('0x18000');
    expect(stderr).toContain(`${path}:1:15: error partition-table/offset-unaligned: `);
  });

  it('keeps control characters of names from the terminal', async () => {
    const path = await file('evil.csv', 'a\u001b[2J,data,nvs,,16K\n');
    const { stdout } = await otakit(['partitions', 'show', path]);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('a\\x1b[2J');
  });

  it('refuses a size that is none', async () => {
    const { exitCode, stderr } = await otakit([
      'partitions',
      'show',
      PRIMER,
      '--flash-size',
      'big',
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--flash-size big');
  });
});
