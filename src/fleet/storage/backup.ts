import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pack as createPack, type Pack } from 'tar-stream';
import type { Clock } from '../../shared/index.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { FleetError } from '../codes.ts';
import { type ArchiveManifest, blobName, DATABASE_NAME, MANIFEST_NAME } from './archive-format.ts';
import { checkDatabase, copyDatabase } from './database-file.ts';

const CHUNK_BYTES = 256 * 1024;

/** What a backup is made of. */
export interface BackupSource {
  /** The data folder; it may be open and in use. */
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * A consistent copy of a whole fleet as one tar archive, made while the fleet is in use: the database as
 * it was at one moment, and the bytes of every artifact in it. Memory is bounded by a chunk.
 *
 * @throws FleetError `fleet/backup-incomplete` when bytes of an artifact are missing or damaged
 */
export async function* backupFleet(source: BackupSource): AsyncGenerator<Uint8Array> {
  const snapshot = join(source.folder, `backup-${randomUUID()}.tmp`);
  const pack = createPack();
  const given = new AbortController();
  let filling = Promise.resolve();
  try {
    await copyDatabase(join(source.folder, DATABASE_NAME), snapshot);
    source.signal?.throwIfAborted();
    filling = fill(pack, snapshot, source, given.signal).catch((error: unknown) => {
      pack.destroy(error as Error);
    });
    for await (const chunk of pack as AsyncIterable<Uint8Array>) {
      source.signal?.throwIfAborted();
      yield chunk;
    }
  } finally {
    // Whoever reads may have gone away: nothing waits any longer for room in the archive.
    given.abort();
    pack.destroy();
    await filling;
    await rm(snapshot, { force: true });
  }
}

async function fill(
  pack: Pack,
  snapshot: string,
  source: BackupSource,
  signal: AbortSignal,
): Promise<void> {
  const { artifacts, devices, blobs } = checkDatabase(snapshot);
  const createdAtMs = source.clock.now();
  const manifest: ArchiveManifest = {
    format: 'otakit-fleet-backup',
    version: 1,
    createdAtMs,
    artifacts,
    blobs: blobs.length,
    devices,
  };
  const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  const file = (name: string, size: number) => ({
    name,
    size,
    mode: 0o600,
    mtime: new Date(createdAtMs),
  });
  await addEntry(pack, file(MANIFEST_NAME, text.length), [text], signal);
  const { size } = await stat(snapshot);
  await addEntry(
    pack,
    file(DATABASE_NAME, size),
    createReadStream(snapshot, { highWaterMark: CHUNK_BYTES }),
    signal,
  );
  for (const sha256 of blobs) {
    await using blob = await source.blobs.open(sha256);
    if (blob === null) throw incomplete(sha256, 'missing');
    await addEntry(pack, file(blobName(sha256), blob.sizeBytes), readAll(blob, sha256), signal);
  }
  pack.finalize();
}

/** All bytes of a blob; fails at the end where they are not what their name says. */
async function* readAll(
  blob: { readonly sizeBytes: number; slice(start: number, end: number): Promise<Uint8Array> },
  sha256: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for (let at = 0; at < blob.sizeBytes; at += CHUNK_BYTES) {
    const bytes = await blob.slice(at, Math.min(at + CHUNK_BYTES, blob.sizeBytes));
    hash.update(bytes);
    yield bytes;
  }
  if (hash.digest('hex') !== sha256) throw incomplete(sha256, 'damaged');
}

async function addEntry(
  pack: Pack,
  header: { readonly name: string; readonly size: number },
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const entry = pack.entry(header) as unknown as NodeJS.WritableStream;
  const ended = once(entry, 'finish', { signal });
  // Awaited below; a failure before that must not count as unhandled.
  ended.catch(() => undefined);
  for await (const chunk of chunks) {
    if (!entry.write(chunk)) await once(entry, 'drain', { signal });
  }
  entry.end();
  await ended;
}

function incomplete(sha256: string, what: 'missing' | 'damaged'): FleetError {
  return new FleetError('fleet/backup-incomplete', `The bytes ${sha256} are ${what}.`, {
    hint: 'Find the artifact that has them, remove it or upload it again, and back up anew.',
    details: { sha256, what },
  });
}
