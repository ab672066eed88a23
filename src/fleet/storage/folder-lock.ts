import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError } from '../codes.ts';
import { lockFile } from './sqlite.ts';

/** A folder that only this process uses, until disposed. */
export interface FolderLock extends AsyncDisposable {
  readonly folder: string;
}

/**
 * Takes the folder for this process. What a killed process leaves behind does not stand in the way.
 *
 * @throws FleetError `fleet/folder-in-use`, with the pid of the other process where it is known
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  // Two files, because reading a locked file from the process that locked it would undo the lock.
  const pidFile = join(folder, 'lock.pid');
  const lock = lockFile(join(folder, 'lock'));
  if (lock === null) {
    const pid = Number(await readFile(pidFile, 'utf8').catch(() => '')) || null;
    const by = pid === null ? 'another process' : `process ${pid}`;
    throw new FleetError('fleet/folder-in-use', `The data folder ${folder} is open in ${by}.`, {
      hint: 'Talk to the server that runs there (--server), or stop it first.',
      details: { folder, pid },
    });
  }
  await writeFile(pidFile, `${process.pid}\n`, { mode: 0o600 });
  let isHeld = true;
  return {
    folder,
    [Symbol.asyncDispose]: async () => {
      if (!isHeld) return;
      isHeld = false;
      await rm(pidFile, { force: true });
      lock.release();
    },
  };
}
