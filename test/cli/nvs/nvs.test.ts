import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePartitionCsv, serializePartitionBinary } from '../../../src/partition-table/index.ts';
import { otakit } from '../../support/cli.ts';

const CSV = `key,type,encoding,value
VIAM_NS,namespace,,
WIFI_SSID,data,string,lab
WIFI_PASSWORD,data,string,hunter2
counter,data,u64,18446744073709551615
blob,data,hex2bin,c0ffee
`;

let folder: string;
let csv: string;
let image: string;
const path = (name: string) => join(folder, name);
const nvs = (...args: string[]) => otakit(['nvs', ...args]);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
  csv = path('nvs.csv');
  image = path('nvs.bin');
  await writeFile(csv, CSV);
  await nvs('build', csv, '--size', '0x4000', '-o', image);
});
afterEach(() => rm(folder, { recursive: true }));

describe('otakit nvs show', () => {
  it('lists the values, secrets by their length only', async () => {
    const { stdout, exitCode } = await nvs('show', image);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`NVS version 2, 4 pages (3 blank), entries: 9 in use, 0 erased, 369 free

Namespace  Key            Type    Bytes  Value
VIAM_NS    WIFI_SSID      string      3  lab
VIAM_NS    WIFI_PASSWORD  string      7  (secret, 7 bytes)
VIAM_NS    counter        u64         8  18446744073709551615
VIAM_NS    blob           blob        3  c0ffee
`);
    expect((await nvs('show', image, '--reveal')).stdout).toContain('hunter2');
  });

  it('says it in JSON', async () => {
    const { stdout } = await nvs('show', image, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      file: image,
      version: 2,
      usage: { pages: 4, blankPages: 3 },
      pages: [{ index: 0, state: 'active', sequence: 0 }, { state: 'blank' }, {}, {}],
      namespaces: { 1: 'VIAM_NS' },
      values: [
        { namespace: 'VIAM_NS', key: 'WIFI_SSID', type: 'string', secret: false, value: 'lab' },
        { key: 'WIFI_PASSWORD', secret: true, value: null },
        { key: 'counter', value: '18446744073709551615' },
        {
          key: 'blob',
          type: 'blob',
          value: 'c0ffee',
          places: [
            { page: 0, entry: 6 },
            { page: 0, entry: 8 },
          ],
        },
      ],
      issues: [],
    });
    expect(stdout).not.toContain('hunter2');
  });

  it('writes the CSV back, but no secret unless it is told to', async () => {
    const refused = await nvs('show', image, '--csv');
    expect([refused.exitCode, refused.stdout]).toEqual([2, '']);
    expect((await nvs('show', image, '--csv', '--reveal')).stdout).toBe(CSV);
    expect((await nvs('show', image, '--csv', '--namespace', 'none')).stdout).toBe(
      'key,type,encoding,value\n',
    );
  });

  it('shows deleted values on request', async () => {
    await nvs('delete', image, 'VIAM_NS', 'blob');
    expect((await nvs('show', image)).stdout).not.toContain('c0ffee');
    expect((await nvs('show', image, '--deleted')).stdout).toContain('(deleted) c0ffee');
  });

  it('ends with 3 where something is damaged, and says what', async () => {
    const bytes = await readFile(image);
    bytes[64 + 32 + 32] = 0;
    await writeFile(image, bytes);
    const { exitCode, stderr } = await nvs('show', image);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('error nvs/data-crc');
  });

  it('finds NVS in a dump of the whole flash, by the table inside or beside it', async () => {
    const table = 'nvs, data, nvs, 0x9000, 0x4000\napp, app, factory, 0x10000, 0x10000\n';
    const flash = new Uint8Array(0x20000).fill(0xff);
    flash.set(await readFile(image), 0x9000);
    await writeFile(path('flash.bin'), flash);
    await writeFile(path('table.csv'), table);
    expect(
      (await nvs('show', path('flash.bin'), '--partitions', path('table.csv'))).stdout,
    ).toContain('lab');
    flash.set(serializePartitionBinary(parsePartitionCsv(table)), 0x8000);
    await writeFile(path('flash.bin'), flash);
    expect((await nvs('get', path('flash.bin'), 'VIAM_NS', 'WIFI_SSID')).stdout).toBe('lab\n');
    await nvs('set', path('flash.bin'), 'VIAM_NS', 'WIFI_SSID', 'cellar');
    expect((await nvs('get', path('flash.bin'), 'VIAM_NS', 'WIFI_SSID')).stdout).toBe('cellar\n');
    const after = new Uint8Array(await readFile(path('flash.bin')));
    expect(Buffer.compare(after.subarray(0xd000), flash.subarray(0xd000))).toBe(0);
  });

  it('refuses what is no NVS', async () => {
    await writeFile(image, new Uint8Array(0x4000));
    const { exitCode, stderr } = await nvs('show', image);
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining('nvs/not-nvs')]);
  });
});

describe('otakit nvs get', () => {
  it('prints a value, and secrets only when told to', async () => {
    expect((await nvs('get', image, 'VIAM_NS', 'counter')).stdout).toBe('18446744073709551615\n');
    const refused = await nvs('get', image, 'VIAM_NS', 'WIFI_PASSWORD');
    expect([refused.exitCode, refused.stdout]).toEqual([2, '']);
    expect((await nvs('get', image, 'VIAM_NS', 'WIFI_PASSWORD', '--reveal')).stdout).toBe(
      'hunter2\n',
    );
    expect(
      JSON.parse((await nvs('get', image, 'VIAM_NS', 'WIFI_PASSWORD', '--json')).stdout),
    ).toMatchObject({ value: null });
    expect((await nvs('get', image, 'VIAM_NS', 'nothing')).exitCode).toBe(3);
  });

  it('writes the bytes of a value to a file', async () => {
    await nvs('get', image, 'VIAM_NS', 'blob', '-o', path('blob'));
    expect([...(await readFile(path('blob')))]).toEqual([0xc0, 0xff, 0xee]);
    await nvs('get', image, 'VIAM_NS', 'WIFI_PASSWORD', '-o', path('password'));
    expect(await readFile(path('password'), 'utf8')).toBe('hunter2');
  });
});

describe('otakit nvs set', () => {
  const get = async (key: string) => (await nvs('get', image, 'VIAM_NS', key, '--reveal')).stdout;

  it('keeps the type, unless another is given', async () => {
    expect((await nvs('set', image, 'VIAM_NS', 'counter', '7')).stdout).toContain('counter set');
    expect((await nvs('set', image, 'VIAM_NS', 'counter', '7')).stdout).toContain(
      'has that value already',
    );
    expect(await get('counter')).toBe('7\n');
    await nvs('set', image, 'VIAM_NS', 'blob', 'abba');
    expect(await get('blob')).toBe('abba\n');
    await nvs('set', image, 'VIAM_NS', 'small', '200', '--type', 'u8');
    const { stdout } = await nvs('show', image, '--json');
    expect(stdout).toContain('"type": "u8"');
    const bad = await nvs('set', image, 'VIAM_NS', 'small', '300');
    expect([bad.exitCode, bad.stderr]).toEqual([3, expect.stringContaining('nvs/bad-value')]);
  });

  it('takes secrets from files and from standard input, and warns of the command line', async () => {
    await writeFile(path('secret'), 'correct horse\n');
    const fromFile = await nvs(
      'set',
      image,
      'VIAM_NS',
      'WIFI_PASSWORD',
      '--value-file',
      path('secret'),
    );
    expect([fromFile.exitCode, fromFile.stderr]).toEqual([0, '']);
    expect(await get('WIFI_PASSWORD')).toBe('correct horse\n');
    await otakit(['nvs', 'set', image, 'VIAM_NS', 'WIFI_PASSWORD', '--stdin'], {
      stdin: ['battery', ' staple\r\n'],
    });
    expect(await get('WIFI_PASSWORD')).toBe('battery staple\n');
    expect((await nvs('set', image, 'VIAM_NS', 'WIFI_PASSWORD', 'x')).stderr).toContain(
      'history of your shell',
    );
    expect((await nvs('set', image, 'VIAM_NS', 'WIFI_PASSWORD')).exitCode).toBe(2);
    expect((await nvs('set', image, 'VIAM_NS', 'WIFI_PASSWORD', 'x', '--stdin')).exitCode).toBe(2);
  });

  it('takes binary files as they are, and can write elsewhere', async () => {
    await writeFile(path('raw'), Uint8Array.of(1, 2, 0x0a));
    const before = await readFile(image);
    await nvs(
      'set',
      image,
      'VIAM_NS',
      'blob',
      '--value-file',
      path('raw'),
      '-o',
      path('other.bin'),
    );
    expect((await nvs('get', path('other.bin'), 'VIAM_NS', 'blob')).stdout).toBe('01020a\n');
    expect(await readFile(image)).toEqual(before);
  });
});

describe('otakit nvs build', () => {
  it('says what it wrote, and overwrites only with --force', async () => {
    const args = ['build', csv, '--size', '0x4000', '-o', path('b.bin')];
    const built = { exitCode: 0, stdout: `${path('b.bin')}: 0x4000 bytes of NVS\n`, stderr: '' };
    expect(await nvs(...args)).toEqual(built);
    expect((await nvs(...args)).stderr).toContain('cli/file-exists');
    expect(await nvs(...args, '--force')).toEqual(built);
  });

  it('takes its size from a partition table, and files from where it runs', async () => {
    await writeFile(path('table.csv'), 'nvs, data, nvs, 0x9000, 0x5000\n');
    await writeFile(path('cert'), 'certificate');
    await writeFile(
      csv,
      `key,type,encoding,value\ns,namespace,,\ncert,file,binary,${path('cert')}\n`,
    );
    const { stdout } = await nvs(
      'build',
      csv,
      '--partitions',
      path('table.csv'),
      '-o',
      path('b.bin'),
    );
    expect(stdout).toContain('0x5000 bytes');
    await nvs('get', path('b.bin'), 's', 'cert', '-o', path('back'));
    expect(await readFile(path('back'), 'utf8')).toBe('certificate');
  });

  it('puts several CSVs one after the other, in either page format', async () => {
    await writeFile(
      path('more.csv'),
      'key,type,encoding,value\nmore,data,u8,1\nMORE,namespace,,\n',
    );
    await nvs(
      'build',
      csv,
      path('more.csv'),
      '--size',
      '12K',
      '--page-version',
      '1',
      '-o',
      path('b.bin'),
    );
    const { stdout } = await nvs('show', path('b.bin'));
    expect(stdout).toContain('NVS version 1');
    expect(stdout).toMatch(/VIAM_NS +more +u8/);
  });

  it('asks for a size, and refuses bad rows with their line', async () => {
    expect((await nvs('build', csv, '-o', path('b.bin'))).exitCode).toBe(2);
    await writeFile(path('table.csv'), 'data, data, nvs, 0x9000, 0x5000\n');
    expect(
      (await nvs('build', csv, '--partitions', path('table.csv'), '-o', path('b.bin'))).stderr,
    ).toContain('--partition: data');
    await writeFile(csv, 'key,type,encoding,value\ns,namespace,,\na,data,u8,x\n');
    const { exitCode, stderr } = await nvs('build', csv, '--size', '0x4000', '-o', path('b.bin'));
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining('line 3')]);
  });

  it('warns of oddities', async () => {
    await writeFile(csv, 'key,type,encoding,value\na,data,u8,1\n');
    const { exitCode, stderr } = await nvs('build', csv, '--size', '0x2000', '-o', path('b.bin'));
    expect(exitCode).toBe(0);
    expect(stderr).toContain(':2:1: warning nvs/csv-oddity');
    expect(stderr).toContain('warning nvs/readonly-size');
  });
});

describe('otakit nvs diff', () => {
  it('names what differs, without secrets', async () => {
    const other = path('other.bin');
    await nvs('set', image, 'VIAM_NS', 'counter', '1', '-o', other);
    await nvs('set', other, 'VIAM_NS', 'WIFI_PASSWORD', 'swordfish');
    await nvs('set', other, 'VIAM_NS', 'fresh', 'x');
    await nvs('delete', other, 'VIAM_NS', 'blob');
    expect((await nvs('diff', image, image)).stdout).toBe('no value differs\n');
    expect((await nvs('diff', image, other)).stdout)
      .toBe(`~ VIAM_NS WIFI_PASSWORD: string (secret, 7 bytes) -> string (secret, 9 bytes)
~ VIAM_NS counter: u64 18446744073709551615 -> u64 1
- VIAM_NS blob: blob c0ffee
+ VIAM_NS fresh: string x
`);
    expect(JSON.parse((await nvs('diff', image, other, '--json')).stdout)).toMatchObject([
      { kind: 'changed', before: { value: null }, after: { value: null } },
      { kind: 'changed', after: { value: 1 } },
      { kind: 'removed', before: { key: 'blob' } },
      { kind: 'added', after: { key: 'fresh' } },
    ]);
  });
});

describe('otakit nvs encrypt, decrypt and keys', () => {
  it('go round, and the other commands work on encrypted images too', async () => {
    const keys = path('keys.bin');
    const secret = path('secret.bin');
    expect((await nvs('keys', '-o', keys)).exitCode).toBe(0);
    expect((await stat(keys)).mode & 0o077).toBe(0);
    await nvs('encrypt', image, '--keys', keys, '-o', secret);
    expect((await readFile(secret)).includes('hunter2')).toBe(false);
    expect((await nvs('show', secret)).stderr).toContain('nvs/encrypted');
    expect((await nvs('show', secret, '--keys', keys)).stdout).toContain('lab');
    await nvs('set', secret, 'VIAM_NS', 'counter', '5', '--keys', keys);
    await nvs('decrypt', secret, '--keys', keys, '-o', path('plain.bin'));
    expect((await nvs('diff', image, path('plain.bin'))).stdout).toBe(
      '~ VIAM_NS counter: u64 18446744073709551615 -> u64 5\n',
    );
    await nvs('build', csv, '--size', '0x4000', '--keys', keys, '-o', path('built.bin'));
    await nvs('decrypt', path('built.bin'), '--keys', keys, '-o', path('again.bin'));
    expect(await readFile(path('again.bin'))).toEqual(await readFile(image));
  });

  it('refuse wrong keys, no keys, and to encrypt twice', async () => {
    await writeFile(path('hmac'), new Uint8Array(32));
    const [keys, other, secret] = [path('keys.bin'), path('other.bin'), path('secret.bin')];
    await nvs('keys', '-o', keys, '--hmac-key', path('hmac'));
    await nvs('keys', '-o', other);
    await nvs('encrypt', image, '--hmac-key', path('hmac'), '-o', secret);
    expect((await nvs('show', secret, '--keys', keys)).exitCode).toBe(0);
    expect((await nvs('decrypt', secret, '--keys', other, '-o', path('x'))).stderr).toContain(
      'nvs/encrypted',
    );
    expect((await nvs('decrypt', secret, '-o', path('x'))).exitCode).toBe(2);
    expect(
      (await nvs('decrypt', secret, '--keys', keys, '--hmac-key', keys, '-o', path('x'))).exitCode,
    ).toBe(2);
    expect((await nvs('encrypt', secret, '--keys', keys, '-o', path('x'))).exitCode).toBe(2);
    expect((await nvs('show', secret, '--keys', image)).stderr).toContain('nvs/keys-invalid');
  });
});

describe('otakit nvs viam', () => {
  it('shows what a micro-RDK finds, without its secrets', async () => {
    const { stdout } = await nvs('viam', image);
    expect(stdout).toBe(`Key             Value
WIFI_SSID       lab
WIFI_PASSWORD   (secret, 7 characters)
ROBOT_ID        (not set)
ROBOT_SECRET    (not set)
ROBOT_APP_ADDR  (not set)
OTA_VERSION     (not set)
`);
    expect((await nvs('viam', image, '--reveal')).stdout).toContain('hunter2');
  });

  it('seeds a new partition, with secrets from files', async () => {
    const cloud = { id: 'machine', secret: 'hunter3', app_address: 'https://app.viam.com:443' };
    await writeFile(path('viam.json'), JSON.stringify({ cloud }));
    await writeFile(path('wifi'), 'hunter2\n');
    const fresh = path('fresh.bin');
    const seed = [
      '--credentials',
      path('viam.json'),
      '--wifi-ssid',
      'lab',
      '--wifi-password-file',
      path('wifi'),
      '--ota-version',
      'v1',
    ];
    expect((await nvs('viam', fresh, ...seed)).exitCode).toBe(3);
    const { stdout } = await nvs('viam', fresh, ...seed, '--size', '0x14000', '--json');
    expect(JSON.parse(stdout)).toEqual({
      file: fresh,
      settings: {
        WIFI_SSID: 'lab',
        WIFI_PASSWORD: null,
        ROBOT_ID: 'machine',
        ROBOT_SECRET: null,
        ROBOT_APP_ADDR: 'https://app.viam.com:443',
        OTA_VERSION: 'v1',
      },
      set: [
        'WIFI_SSID',
        'WIFI_PASSWORD',
        'ROBOT_ID',
        'ROBOT_SECRET',
        'ROBOT_APP_ADDR',
        'OTA_VERSION',
      ],
      blobs: {},
      seeded: expect.arrayContaining(['ROBOT_ID', 'OTA_VERSION']) as unknown,
    });
    expect((await nvs('get', fresh, 'VIAM_NS', 'WIFI_PASSWORD', '--reveal')).stdout).toBe(
      'hunter2\n',
    );
    expect((await stat(fresh)).size).toBe(0x14000);
    await otakit(['nvs', 'viam', fresh, '--wifi-password-stdin'], { stdin: ['other'] });
    expect((await nvs('get', fresh, 'VIAM_NS', 'WIFI_PASSWORD', '--reveal')).stdout).toBe(
      'other\n',
    );
  });
});
