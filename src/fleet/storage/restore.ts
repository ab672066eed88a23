import { createHash, randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract as createExtract } from 'tar-stream';
import type { BlobStore } from '../blobs/blob-store.ts';
import { FleetError } from '../codes.ts';
import { asFullDisk } from '../full-disk.ts';
import {
  type ArchiveManifest,
  BLOB_NAME,
  DATABASE_NAME,
  LONGEST_MANIFEST,
  MANIFEST_NAME,
  manifestSchema,
} from './archive-format.ts';
import { checkDatabase, type DatabaseFacts, mergeLog } from './database-file.ts';
import { lockFolder } from './folder-lock.ts';
import { keptName, pruneKept } from './kept-databases.ts';

const CHUNK_BYTES = 256 * 1024;

/** An archive that was found good and whole; disposing of it drops it. */
export interface ReceivedBackup extends AsyncDisposable {
  readonly createdAtMs: number;
  readonly artifacts: number;
  readonly devices: number;
  /**
   * Puts it in place of what the folder has, which nobody may have open. There is one moment at which the
   * new data counts: whatever interrupts it before leaves the old data whole.
   *
   * @throws FleetError `fleet/folder-in-use`
   */
  putInPlace(
    openBlobs: (blobFolder: string) => Promise<BlobStore>,
  ): Promise<{ readonly keptAs: string | null }>;
}

/**
 * Takes in what {@link backupFleet} gave, beside the data of a folder that may be in use, and checks all
 * of it: every byte of every artifact, and the database as a whole.
 *
 * @throws FleetError `fleet/bad-archive`, `fleet/data-newer`
 */
export async function receiveBackup(
  folder: string,
  archive: AsyncIterable<Uint8Array>,
): Promise<ReceivedBackup> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const staging = join(folder, `restore-${randomUUID()}.tmp`);
  await mkdir(join(staging, 'blobs'), { recursive: true, mode: 0o700 });
  const drop = () => rm(staging, { recursive: true, force: true });
  try {
    const { manifest, facts } = await unpack(archive, staging);
    return {
      createdAtMs: manifest.createdAtMs,
      artifacts: facts.artifacts,
      devices: facts.devices,
      putInPlace: (openBlobs) => putInPlace(folder, staging, facts.blobs, openBlobs),
      [Symbol.asyncDispose]: drop,
    };
  } catch (error) {
    await drop();
    throw error;
  }
}

async function unpack(
  archive: AsyncIterable<Uint8Array>,
  staging: string,
): Promise<{ readonly manifest: ArchiveManifest; readonly facts: DatabaseFacts }> {
  const extract = createExtract();
  const feeding = pipeline(archive, extract);
  feeding.catch(() => undefined);
  let manifest: ArchiveManifest | null = null;
  let hasDatabase = false;
  const blobs = new Set<string>();
  try {
    for await (const source of extract) {
      const { name, type } = source.header;
      const entry = source as AsyncIterable<Uint8Array>;
      const sha256 = BLOB_NAME.exec(name)?.[1];
      if (type !== 'file') throw bad(`${JSON.stringify(name)} is a ${type}, not a file`);
      if (name === MANIFEST_NAME && manifest === null) manifest = await readManifest(entry);
      else if (name === DATABASE_NAME && !hasDatabase) {
        await writeOut(entry, join(staging, DATABASE_NAME));
        hasDatabase = true;
      } else if (sha256 !== undefined && !blobs.has(sha256)) {
        const is = await writeOut(entry, join(staging, 'blobs', sha256));
        if (is !== sha256) throw bad(`${name} holds other bytes: their SHA-256 is ${is}`);
        blobs.add(sha256);
      } else throw bad(`it has ${JSON.stringify(name.slice(0, 120))}, which no backup has there`);
    }
    await feeding;
  } catch (error) {
    const known = asFullDisk(error);
    if (known instanceof FleetError) throw known;
    throw bad(error instanceof Error ? error.message : String(error), error);
  }
  if (manifest === null) throw bad(`it has no ${MANIFEST_NAME}`);
  if (!hasDatabase) throw bad(`it has no ${DATABASE_NAME}`);
  const facts = checkDatabase(join(staging, DATABASE_NAME));
  const missing = facts.blobs.filter((sha256) => !blobs.has(sha256));
  if (missing.length > 0) {
    throw bad(`the bytes of ${missing.length} artifacts are not in it, such as ${missing[0]}`);
  }
  return { manifest, facts };
}

async function readManifest(entry: AsyncIterable<Uint8Array>): Promise<ArchiveManifest> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of entry) {
    length += chunk.length;
    if (length > LONGEST_MANIFEST) throw bad(`its ${MANIFEST_NAME} is too long`);
    parts.push(chunk);
  }
  const parsed = manifestSchema.safeParse(JSON.parse(Buffer.concat(parts).toString('utf8')));
  if (parsed.success) return parsed.data;
  throw bad(`its ${MANIFEST_NAME} is not one of a fleet's backup`, parsed.error);
}

/** Writes all of it to a new file, durably, and gives its SHA-256. */
async function writeOut(chunks: AsyncIterable<Uint8Array>, file: string): Promise<string> {
  await using handle = await open(file, 'wx', 0o600);
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    await handle.writeFile(chunk);
  }
  await handle.sync();
  return hash.digest('hex');
}

async function putInPlace(
  folder: string,
  staging: string,
  blobs: readonly string[],
  openBlobs: (blobFolder: string) => Promise<BlobStore>,
): Promise<{ readonly keptAs: string | null }> {
  await using _lock = await lockFolder(folder);
  // Bytes first: more of them than the database knows of do no harm to anybody.
  const kept = await openBlobs(join(folder, 'blobs'));
  for (const sha256 of blobs) await addBlob(kept, join(staging, 'blobs', sha256), sha256);
  const database = join(folder, DATABASE_NAME);
  const keptAs = (await hasFile(database)) ? await keepAside(database) : null;
  await rename(join(staging, DATABASE_NAME), database);
  await syncFolder(folder);
  await pruneKept(database);
  return { keptAs };
}

async function addBlob(blobs: BlobStore, file: string, sha256: string): Promise<void> {
  if (await blobs.has(sha256)) return;
  await using source = await open(file, 'r');
  await using stage = await blobs.stage();
  for await (const chunk of source.createReadStream({
    highWaterMark: CHUNK_BYTES,
    autoClose: false,
  })) {
    await stage.write(chunk as Uint8Array);
  }
  await (await stage.finish()).commit();
}

/**
 * Keeps the old database under another name while it stays under its own, too. Its log is merged first:
 * left beside the new database it would be taken for that one's.
 */
async function keepAside(database: string): Promise<string> {
  mergeLog(database);
  const keptAs = keptName(database, randomUUID().slice(0, 8));
  // Not every file system has hard links.
  await link(database, keptAs).catch(() => copyFile(database, keptAs));
  return keptAs;
}

async function hasFile(file: string): Promise<boolean> {
  try {
    await using _handle = await open(file, 'r');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders, and orders such changes by itself.
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}

function bad(why: string, cause?: unknown): FleetError {
  return new FleetError('fleet/bad-archive', `This is no whole backup of a fleet: ${why}.`, {
    hint: 'Check that the file is what `otakit` made, and that it was copied to the end.',
    cause,
  });
}
