import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openFolderServer } from '../../src/server/index.ts';
import { systemClock } from '../../src/shared/index.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

const open = async (folder: string) => {
  const server = await openFolderServer({
    folder,
    port: 0,
    bind: '127.0.0.1',
    clock: systemClock,
    version: '0.0.0',
    announced: true,
  });
  onTestFinished(() => server.stop(0));
  return server;
};

/** What each atomic write leaves when the process is killed in the middle of it. */
const LEFTOVERS = [
  'backup-0b9f.tmp',
  'backup-0b9f.tmp-journal',
  'blobs/incoming/0b9f',
  'download.key.0123456789ab.tmp',
  'restore-0b9f.tmp/fleet.db',
  'server.json.01234567.tmp',
];

it('what a killed server left half-written goes when the next one starts, and nothing else', async () => {
  const folder = await temporaryFolder();
  for (const name of [...LEFTOVERS, 'notes.tmp', 'server.json.tmp']) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), 'half');
  }
  const server = await open(folder);
  const names = await readdir(folder, { recursive: true });
  expect(names.filter((name) => LEFTOVERS.includes(name))).toEqual([]);
  expect(names.filter((name) => name.endsWith('.tmp')).toSorted()).toEqual([
    'notes.tmp',
    'server.json.tmp',
  ]);

  // What a server that runs has half-written stays, whoever tries to open the folder.
  for (const name of LEFTOVERS) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), 'half');
  }
  await expect(open(folder)).rejects.toMatchObject({ code: 'fleet/folder-in-use' });
  const still = await readdir(folder, { recursive: true });
  expect(still.filter((name) => LEFTOVERS.includes(name)).toSorted()).toEqual(LEFTOVERS);
  await server.stop(0);
});
