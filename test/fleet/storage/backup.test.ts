import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pack as createPack } from 'tar-stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  backupFleet,
  type BlobStore,
  type FleetFolder,
  openFleetFolder,
  receiveBackup,
} from '../../../src/fleet/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { describeWithPeers } from '../../support/peer.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';
import { aDevice, anArtifact, aPackage } from './entities.ts';
import { plainBlobs, sha256Of } from './plain-blobs.ts';

const run = promisify(execFile);
const clock = new ManualClock();
const BYTES = Uint8Array.from({ length: 700_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
const SHA256 = sha256Of(BYTES);

interface Opened {
  readonly folder: string;
  readonly home: FleetFolder;
  readonly kept: Map<string, Uint8Array>;
  readonly blobs: BlobStore;
}

/** A folder with a package, an artifact with bytes, and a device of this name. */
async function aFolder(deviceId: string): Promise<Opened> {
  const folder = join(await temporaryFolder(), 'fleet');
  const home = await openFleetFolder(folder, { clock });
  onTestFinished(() => home[Symbol.asyncDispose]());
  await home.store.transaction(async (r) => {
    await r.packages.insert(aPackage());
    await r.artifacts.insert(anArtifact({ sha256: SHA256, sizeBytes: BYTES.length }));
    await r.devices.insert(aDevice({ deviceId }));
  });
  const kept = new Map([[SHA256, BYTES]]);
  return { folder, home, kept, blobs: plainBlobs(kept) };
}

async function archiveOf({ folder, blobs }: Pick<Opened, 'folder' | 'blobs'>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of backupFleet({ folder, blobs, clock })) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

/** In pieces, as a network brings it. */
async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007);
}

async function deviceIds(folder: string): Promise<readonly string[]> {
  await using home = await openFleetFolder(folder, { clock });
  const { list } = await home.store.read.devices.list({}, { page: 0, perPage: 100 });
  return list.map(({ deviceId }) => deviceId);
}

describe('a backup', () => {
  it('of a fleet in use, put into an empty folder, is that fleet', async () => {
    const source = await aFolder('one');
    const archive = await archiveOf(source);
    const target = join(await temporaryFolder(), 'elsewhere');
    await using received = await receiveBackup(target, pieces(archive));
    expect(received).toMatchObject({ createdAtMs: clock.now(), artifacts: 1, devices: 1 });
    const kept = new Map<string, Uint8Array>();
    const placed = await received.putInPlace(async () => plainBlobs(kept));
    expect(placed).toEqual({ keptAs: null });
    expect([...kept]).toEqual([[SHA256, BYTES]]);
    await using home = await openFleetFolder(target, { clock });
    const own = await source.home.store.read.devices.get('one');
    await expect(home.store.read.devices.get('one')).resolves.toEqual(own);
  });

  it('has what is committed, and goes on while others write', async () => {
    const source = await aFolder('one');
    const halfway = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const writing = source.home.store.transaction(async (r) => {
      await r.devices.insert(aDevice({ deviceId: 'two' }));
      halfway.resolve();
      await goOn.promise;
    });
    await halfway.promise;
    const archive = await archiveOf(source);
    goOn.resolve();
    await writing;
    const target = join(await temporaryFolder(), 'elsewhere');
    await using received = await receiveBackup(target, pieces(archive));
    await received.putInPlace(async () => plainBlobs());
    await expect(deviceIds(target)).resolves.toEqual(['one']);
  });

  it.each(['missing', 'damaged'])('is not made when bytes are %s', async (what) => {
    const source = await aFolder('one');
    if (what === 'missing') source.kept.clear();
    else source.kept.set(SHA256, BYTES.with(5, 0xff));
    await expect(archiveOf(source)).rejects.toMatchObject({
      code: 'fleet/backup-incomplete',
      httpStatus: 409,
      details: { sha256: SHA256, what },
    });
    expect(await readdir(source.folder)).not.toContainEqual(expect.stringContaining('tmp'));
  });

  it('that nobody reads to the end leaves nothing behind', async () => {
    const source = await aFolder('one');
    for await (const _chunk of backupFleet({ ...source, clock })) break;
    const aborted = AbortSignal.abort(new Error('gone'));
    const backup = backupFleet({ ...source, clock, signal: aborted });
    await expect(backup.next()).rejects.toThrow('gone');
    expect(await readdir(source.folder)).not.toContainEqual(expect.stringContaining('tmp'));
  });

  it('or a restore that was killed is cleared away at the next opening', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'backup-1.tmp'), 'half');
    await mkdir(join(folder, 'restore-1.tmp'));
    await (await openFleetFolder(folder, { clock }))[Symbol.asyncDispose]();
    expect(await readdir(folder)).not.toContainEqual(expect.stringContaining('tmp'));
  });
});

describe('a restore', () => {
  it('keeps what was there before under another name', async () => {
    const archive = await archiveOf(await aFolder('new'));
    const target = await aFolder('old');
    await using received = await receiveBackup(target.folder, pieces(archive));
    await expect(received.putInPlace(async () => target.blobs)).rejects.toMatchObject({
      code: 'fleet/folder-in-use',
    });
    await target.home[Symbol.asyncDispose]();
    const { keptAs } = await received.putInPlace(async () => target.blobs);
    await expect(deviceIds(target.folder)).resolves.toEqual(['new']);
    const back = await temporaryFolder();
    await copyFile(keptAs ?? '', join(back, 'fleet.db'));
    await expect(deviceIds(back)).resolves.toEqual(['old']);
  });

  it('that is interrupted leaves the old data whole', async () => {
    const archive = await archiveOf(await aFolder('new'));
    const target = await aFolder('old');
    await target.home[Symbol.asyncDispose]();
    await using received = await receiveBackup(target.folder, pieces(archive));
    await expect(
      received.putInPlace(async () => ({ ...plainBlobs(), stage: () => Promise.reject(FULL) })),
    ).rejects.toBe(FULL);
    await expect(deviceIds(target.folder)).resolves.toEqual(['old']);
  });

  it('refuses an archive that ends too early, wherever that is', async () => {
    const archive = await archiveOf(await aFolder('new'));
    const target = await aFolder('old');
    const before = await readdir(target.folder);
    // The last kilobyte is the end mark, which says nothing about a fleet.
    const ends = [
      0,
      1,
      511,
      512,
      600,
      1024,
      1536,
      5000,
      archive.length >> 1,
      archive.length - 2000,
    ];
    for (const end of ends) {
      await expect(
        receiveBackup(target.folder, pieces(archive.subarray(0, end))),
      ).rejects.toMatchObject({ code: 'fleet/bad-archive', httpStatus: 422 });
    }
    expect(await readdir(target.folder)).toEqual(before);
    await target.home[Symbol.asyncDispose]();
    await expect(deviceIds(target.folder)).resolves.toEqual(['old']);
  });

  it('refuses bytes that are not what their name says', async () => {
    const archive = await archiveOf(await aFolder('new'));
    const at = Buffer.from(archive).indexOf(Buffer.from(BYTES.subarray(0, 64)));
    expect(at).toBeGreaterThan(0);
    const folder = join(await temporaryFolder(), 'x');
    await expect(receiveBackup(folder, pieces(archive.with(at, 0xff)))).rejects.toMatchObject({
      code: 'fleet/bad-archive',
      message: expect.stringContaining('SHA-256') as string,
    });
  });

  it('refuses a damaged database', async () => {
    const archive = await archiveOf(await aFolder('new'));
    const at = Buffer.from(archive).indexOf('SQLite format 3');
    const damaged = archive.slice().fill(0x55, at + 4096, at + 12_288);
    const folder = join(await temporaryFolder(), 'x');
    await expect(receiveBackup(folder, pieces(damaged))).rejects.toMatchObject({
      code: 'fleet/bad-archive',
    });
  });

  const MANIFEST = JSON.stringify({
    format: 'otakit-fleet-backup',
    version: 1,
    createdAtMs: 0,
    artifacts: 0,
    blobs: 0,
    devices: 0,
  });
  it.each([
    ['a way out of the folder', [{ name: '../outside', text: 'x' }]],
    ['a way out by a blob', [{ name: `blobs/../../${'a'.repeat(64)}`, text: 'x' }]],
    ['a link', [{ name: 'fleet.db', type: 'symlink' as const, linkname: '/etc/passwd' }]],
    ['nothing but a manifest', [{ name: 'manifest.json', text: MANIFEST }]],
    ['another manifest', [{ name: 'manifest.json', text: '{"format":"other"}' }]],
    ['no JSON', [{ name: 'manifest.json', text: '{' }]],
    ['an endless manifest', [{ name: 'manifest.json', text: ' '.repeat(100_000) }]],
    [
      'no database',
      [
        { name: 'fleet.db', text: 'no database' },
        { name: 'manifest.json', text: MANIFEST },
      ],
    ],
    [
      'a database twice',
      [
        { name: 'fleet.db', text: '' },
        { name: 'fleet.db', text: '' },
      ],
    ],
  ])('refuses %s', async (_what, entries) => {
    const pack = createPack();
    for (const { text = '', ...header } of entries as readonly {
      name: string;
      text?: string;
      type?: 'symlink';
      linkname?: string;
    }[]) {
      pack.entry(header, text);
    }
    pack.finalize();
    const folder = join(await temporaryFolder(), 'deep', 'fleet');
    await expect(
      receiveBackup(folder, pack as unknown as AsyncIterable<Uint8Array>),
    ).rejects.toMatchObject({ code: 'fleet/bad-archive' });
    await expect(readdir(folder)).resolves.toEqual([]);
    await expect(readdir(join(folder, '..'))).resolves.toEqual(['fleet']);
  });
});

describeWithPeers(
  ['tar', 'python3'],
  'tar and the sqlite3 of Python',
  ([tar = '', python = '']) => {
    it('read a backup', async () => {
      const source = await aFolder('one');
      const folder = await temporaryFolder();
      const file = join(folder, 'backup.tar');
      await writeFile(file, await archiveOf(source));
      const listed = await run(tar, ['-tf', file]);
      expect(listed.stdout.split('\n')).toEqual([
        'manifest.json',
        'fleet.db',
        `blobs/${SHA256}`,
        '',
      ]);
      await run(tar, ['-xf', file, '-C', folder]);
      const checked = await run(python, [
        '-c',
        `import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(db.execute('PRAGMA integrity_check').fetchone()[0])
print(db.execute('SELECT device_id FROM devices').fetchall())`,
        join(folder, 'fleet.db'),
      ]);
      expect(checked.stdout).toBe("ok\n[('one',)]\n");
      await rm(file);
    });
  },
);

const FULL = new Error('no space left');
