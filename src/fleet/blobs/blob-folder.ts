import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, opendir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BytesError, type ByteSource } from '../../shared/index.ts';
import { whileWriting } from '../full-disk.ts';
import type { Blob, BlobStage, BlobStore, StagedBlob } from './blob-store.ts';
import { tooLarge } from './too-large.ts';

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * Bytes in a folder: `sha256/ab/cdef…` for what counts, `incoming/` for what is still coming in. Whatever
 * lies in `incoming` when the folder is opened was left by a crash and is removed; only one process may
 * have the folder open.
 */
export async function openBlobFolder(path: string): Promise<BlobStore> {
  const incoming = join(path, 'incoming');
  const kept = join(path, 'sha256');
  await rm(incoming, { recursive: true, force: true });
  await mkdir(incoming, { recursive: true });
  await mkdir(kept, { recursive: true });
  /** `null` for what is no digest, and therefore could be a path. */
  const fileOf = (sha256: string) =>
    SHA256.test(sha256) ? join(kept, sha256.slice(0, 2), sha256.slice(2)) : null;

  return {
    stage: ({ maxBytes = Infinity } = {}) =>
      whileWriting(async () => {
        const file = join(incoming, randomUUID());
        return stageInto(await open(file, 'wx+'), file, kept, maxBytes);
      }),
    open: async (sha256) => {
      const file = fileOf(sha256);
      const handle = file === null ? null : await openIfThere(file);
      return handle === null ? null : openBlob(handle, sha256);
    },
    has: async (sha256) => {
      const file = fileOf(sha256);
      return file !== null && (await isThere(file));
    },
    delete: async (sha256) => {
      const file = fileOf(sha256);
      if (file === null || !(await isThere(file))) return false;
      await rm(file, { force: true });
      return true;
    },
    list: async function* () {
      for (const start of await readdir(kept)) {
        for await (const { name } of await opendir(join(kept, start))) {
          const { size } = await stat(join(kept, start, name));
          yield { sha256: start + name, sizeBytes: size };
        }
      }
    },
  };
}

/** Writes to a file that nobody else sees, digesting on the way, so that memory is bounded by a chunk. */
function stageInto(handle: FileHandle, file: string, kept: string, maxBytes: number): BlobStage {
  const sha256 = createHash('sha256');
  const md5 = createHash('md5');
  let sizeBytes = 0;
  let committed = false;
  return {
    write: async (bytes) => {
      if (sizeBytes + bytes.length > maxBytes) throw tooLarge(maxBytes);
      await whileWriting(async () => {
        for (let done = 0; done < bytes.length;) {
          const left = bytes.length - done;
          done += (await handle.write(bytes, done, left, sizeBytes + done)).bytesWritten;
        }
      });
      sha256.update(bytes);
      md5.update(bytes);
      sizeBytes += bytes.length;
    },
    finish: async (): Promise<StagedBlob> => {
      await whileWriting(() => handle.sync());
      const digest = sha256.digest('hex');
      return {
        source: sourceOf(handle, sizeBytes),
        sizeBytes,
        sha256: digest,
        md5: md5.digest('hex'),
        commit: () =>
          whileWriting(async () => {
            const folder = join(kept, digest.slice(0, 2));
            await mkdir(folder, { recursive: true });
            await rename(file, join(folder, digest.slice(2)));
            committed = true;
            // The names have to be on the disk as well, or a power cut takes the file back.
            await syncFolder(folder);
            await syncFolder(kept);
          }),
      };
    },
    [Symbol.asyncDispose]: async () => {
      await handle.close();
      if (!committed) await rm(file, { force: true });
    },
  };
}

async function openBlob(handle: FileHandle, sha256: string): Promise<Blob> {
  const { size } = await handle.stat();
  const source = sourceOf(handle, size);
  return {
    sizeBytes: size,
    sha256,
    slice: (start, end) => source.read(start, end - start),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

function sourceOf(handle: FileHandle, sizeBytes: number): ByteSource {
  return {
    sizeBytes,
    read: async (offset, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, sizeBytes - offset)));
      let have = 0;
      while (have < bytes.length) {
        const { bytesRead } = await handle.read(bytes, have, bytes.length - have, offset + have);
        if (bytesRead === 0) break;
        have += bytesRead;
      }
      if (offset >= 0 && have === length) return bytes;
      throw new BytesError(
        'bytes/read-past-end',
        `Reading ${length} bytes at offset ${offset} goes past the end at ${sizeBytes}`,
        {
          hint: 'The bytes of an artifact are damaged; remove it and upload it again.',
          details: { need: length, have, fileOffset: offset },
        },
      );
    },
  };
}

async function openIfThere(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function isThere(file: string): Promise<boolean> {
  const handle = await openIfThere(file);
  await handle?.close();
  return handle !== null;
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders, and orders such changes by itself.
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}
