import { readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import {
  backupFleet,
  createFleet,
  dropUnreferencedBlobs,
  DEFAULT_FLEET_OPTIONS,
  type FleetOptions,
  keepHot,
  openBlobFolder,
  openFleetFolder,
  receiveBackup,
} from '../fleet/index.ts';
import { openTokenKey } from '../serve/index.ts';
import type { Clock } from '../shared/index.ts';
import type { FleetHome, FleetHomes } from './create-fleet-server.ts';
import type { Log } from './observe/log.ts';

const KEY_FILE = 'download.key';
/** Some builds of what a fleet updates to at a time; none is larger than the largest flash of most chips. */
const HOT = { mostBytes: 64 * 1024 * 1024, mostOfOneBytes: 16 * 1024 * 1024 };
/** Written whole under such a name, and renamed: one that stays was left by a process that was killed. */
const LEFTOVER = /^(?:download\.key|server\.json)\.[0-9a-f]+\.tmp$/;

/** Which folder, and how the fleet in it is run. */
export interface FolderOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: Partial<FleetOptions>;
}

/** A fleet in a folder: database, bytes of artifacts, and the key of download URLs. */
export function folderHomes({ folder, clock, log, options }: FolderOptions): FleetHomes {
  let isCleared = false;
  return {
    open: async (): Promise<FleetHome> => {
      const data = await openFleetFolder(folder, { clock });
      try {
        if (!isCleared) await clearLeftovers(folder);
        isCleared = true;
        const { store, keptBlobs } = data;
        const blobs = await openBlobFolder(data.blobFolder);
        const onError = (error: unknown) => log.bug(error);
        // What a crash left between the bytes of an upload and its record, and artifacts of long ago.
        const dropped = await dropUnreferencedBlobs({ store, blobs }, keptBlobs);
        if (dropped > 0) log.info('left-over bytes removed', { dropped });
        if (keptBlobs === null) {
          log.warn('a database from before a restore cannot be read: no bytes are removed');
        }
        // What a backup reads once is not what devices read.
        const hot = keepHot(blobs, HOT);
        const fleet = createFleet({ store, blobs: hot, keptBlobs, clock, options, onError });
        const key = await openTokenKey(join(folder, KEY_FILE));
        for (const { message } of key.issues) log.warn(message);
        return {
          fleet,
          store,
          tokenKey: key.bytes,
          backup: (signal) => backupFleet({ folder, blobs, clock, signal }),
          freeBytes: async () => {
            const { bavail, bsize } = await statfs(folder);
            return bavail * bsize;
          },
          maxArtifactBytes: options.maxArtifactBytes ?? DEFAULT_FLEET_OPTIONS.maxArtifactBytes,
          [Symbol.asyncDispose]: async () => {
            // First what the fleet has not written down yet, then the folder and its lock.
            await fleet[Symbol.asyncDispose]();
            await data[Symbol.asyncDispose]();
          },
        };
      } catch (error) {
        await data[Symbol.asyncDispose]();
        throw error;
      }
    },
    receive: async (bytes) => {
      const received = await receiveBackup(folder, bytes);
      const { createdAtMs, artifacts, devices } = received;
      return {
        putInPlace: async () => {
          const { keptAs } = await received.putInPlace(openBlobFolder);
          return { createdAtMs, artifacts, devices, keptAs };
        },
        [Symbol.asyncDispose]: () => received[Symbol.asyncDispose](),
      };
    },
  };
}

/** Called with the folder locked, before this process writes such files: none is anybody's any more. */
async function clearLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (LEFTOVER.test(name)) await rm(join(folder, name), { force: true });
  }
}
