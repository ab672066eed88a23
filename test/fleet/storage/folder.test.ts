import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openFleetFolder } from '../../../src/fleet/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const PROGRAM = join(import.meta.dirname, 'folder.program.ts');
const clock = new ManualClock();

/** Starts another process on the folder and waits for what it says. */
async function another(folder: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [PROGRAM, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, said };
}

describe('a data folder', () => {
  it('is made, readable by its owner only, and opened again with its data', async () => {
    const folder = join(await temporaryFolder(), 'new', 'fleet');
    const first = await openFleetFolder(folder, { clock });
    await first.store.transaction((r) => r.settings.set('a', 'b'));
    await first[Symbol.asyncDispose]();
    await using second = await openFleetFolder(folder, { clock });
    await expect(second.store.read.settings.get('a')).resolves.toBe('b');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(second.blobFolder)).isDirectory()).toBe(true);
    for (const name of ['fleet.db', 'fleet.db-wal']) {
      expect([name, (await stat(join(folder, name))).mode & 0o777]).toEqual([name, 0o600]);
    }
  });

  it('keeps its database to its owner where others could read it before', async () => {
    const folder = await temporaryFolder();
    const first = await openFleetFolder(folder, { clock });
    await first[Symbol.asyncDispose]();
    const database = join(folder, 'fleet.db');
    await chmod(database, 0o644);
    await using second = await openFleetFolder(folder, { clock });
    await second.store.transaction((r) => r.settings.set('a', 'b'));
    expect((await stat(database)).mode & 0o777).toBe(0o600);
    expect((await stat(`${database}-wal`)).mode & 0o777).toBe(0o600);
  });

  it('is told to be damaged where its database is, and can be opened once that is away', async () => {
    const folder = await temporaryFolder();
    const first = await openFleetFolder(folder, { clock });
    await first.store.transaction((r) => r.settings.set('a', 'b'));
    await first[Symbol.asyncDispose]();
    const database = join(folder, 'fleet.db');
    const whole = await readFile(database);
    for (const bytes of [Buffer.from('no database'.repeat(500)), whole.subarray(0, 5000)]) {
      await writeFile(database, bytes);
      await expect(openFleetFolder(folder, { clock })).rejects.toMatchObject({
        code: 'fleet/data-damaged',
        hint: expect.stringContaining('backup') as string,
      });
    }
    await rm(database);
    await using _second = await openFleetFolder(folder, { clock });
  });

  it('is refused where nothing can be made, rather than tried for ever', async () => {
    await expect(openFleetFolder('/proc/otakit/fleet', { clock })).rejects.toMatchObject({
      code: 'fleet/folder-unusable',
    });
  });

  it('is told to be unusable where it is none', async () => {
    const parent = await temporaryFolder();
    const file = join(parent, 'file');
    await writeFile(file, '');
    await mkdir(join(parent, 'fleet', 'fleet.db'), { recursive: true });
    for (const folder of [file, join(file, 'below'), join(parent, 'fleet')]) {
      await expect(openFleetFolder(folder, { clock })).rejects.toMatchObject({
        code: 'fleet/folder-unusable',
        details: { folder },
      });
    }
  });

  it('is open once within a process', async () => {
    const folder = await temporaryFolder();
    await using _first = await openFleetFolder(folder, { clock });
    await expect(openFleetFolder(folder, { clock })).rejects.toMatchObject({
      code: 'fleet/folder-in-use',
      httpStatus: 409,
      details: { pid: process.pid },
    });
    // The failed attempt has not loosened the lock.
    await expect(openFleetFolder(folder, { clock })).rejects.toMatchObject({
      code: 'fleet/folder-in-use',
    });
  });

  it('is refused to a second process, and free once this one let go', async () => {
    const folder = await temporaryFolder();
    const opened = await openFleetFolder(folder, { clock });
    const refused = await another(folder);
    expect(refused.said).toBe('fleet/folder-in-use');
    await opened[Symbol.asyncDispose]();
    expect((await another(folder)).said).toBe('open');
  });

  it('is taken over from a process that was killed, with what that had stored', async () => {
    const folder = await temporaryFolder();
    const { child, said } = await another(folder);
    expect(said).toBe('open');
    await expect(openFleetFolder(folder, { clock })).rejects.toMatchObject({
      details: { pid: child.pid },
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await using opened = await openFleetFolder(folder, { clock });
    await expect(opened.store.read.settings.get('opened-by')).resolves.toBe(String(child.pid));
  });
});
