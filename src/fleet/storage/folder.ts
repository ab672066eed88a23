import { chmod, mkdir, open as openFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/index.ts';
import type { FleetStore } from '../repositories.ts';
import { asFolderFault } from './folder-fault.ts';
import { lockFolder } from './folder-lock.ts';
import { keptBlobs as listKeptBlobs } from './kept-databases.ts';
import { makeFolder } from './make-folder.ts';
import { openStore } from './store.ts';

/** A fleet's data on disk, open in this process alone until disposed. */
export interface FleetFolder extends AsyncDisposable {
  readonly store: FleetStore;
  /** Where the bytes of artifacts are. */
  readonly blobFolder: string;
  /** Digests of bytes that databases from before a restore need; `null` where that cannot be told. */
  readonly keptBlobs: ReadonlySet<string> | null;
}

/** The names within a data folder. */
export const FOLDER_NAMES = { database: 'fleet.db', blobs: 'blobs' } as const;

/**
 * Opens a data folder, made when missing: `fleet.db` and `blobs/`, readable by its owner only.
 *
 * @throws FleetError `fleet/folder-in-use` when another process has it, `fleet/data-newer`,
 *   `fleet/data-damaged`, `fleet/folder-unusable`
 */
export async function openFleetFolder(
  folder: string,
  options: { readonly clock: Clock },
): Promise<FleetFolder> {
  try {
    return await open(folder, options);
  } catch (error) {
    throw asFolderFault(error, folder);
  }
}

async function open(folder: string, { clock }: { readonly clock: Clock }): Promise<FleetFolder> {
  const blobFolder = join(folder, FOLDER_NAMES.blobs);
  await makeFolder(folder);
  const lock = await lockFolder(folder);
  try {
    await removeLeftovers(folder);
    await mkdir(blobFolder, { recursive: true, mode: 0o700 });
    const file = join(folder, FOLDER_NAMES.database);
    await makePrivate(file);
    const keptBlobs = await listKeptBlobs(file);
    const store = await openStore({ file, clock });
    return {
      store,
      blobFolder,
      keptBlobs,
      [Symbol.asyncDispose]: async () => {
        await store[Symbol.asyncDispose]();
        await lock[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** SQLite would make it readable by all, and takes the mode of its other files from it. */
async function makePrivate(database: string): Promise<void> {
  await using _file = await openFile(database, 'a', 0o600);
  for (const file of [database, `${database}-wal`, `${database}-shm`]) {
    await chmod(file, 0o600).catch((error: NodeJS.ErrnoException) => {
      // Databases of before may be on file systems that know no modes.
      if (!['ENOENT', 'EPERM', 'ENOTSUP'].includes(error.code ?? '')) throw error;
    });
  }
}

/** What backups and restores that were killed have left lying about. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/^(?:backup|restore)-.*\.tmp/.test(name)) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}
