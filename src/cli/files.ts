import { access, constants, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { ByteSource } from '../shared/index.ts';
import { BytesError, fileErrorReason } from '../shared/index.ts';
import { CliError } from './codes.ts';

/** A whole file; `cli/file-not-readable` where that does not work. */
export async function readInputFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const stats = await stat(path);
    // /dev/zero and its like have no end. Pipes do, as in `<(command)`.
    if (stats.isCharacterDevice() || stats.isBlockDevice()) throw notRegular();
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw notReadable(path, cause);
  }
}

/** A file as a source of bytes that is open until it is disposed of; only what is read is held. */
export async function openInputFile(path: string): Promise<ByteSource & AsyncDisposable> {
  try {
    const handle = await open(path, 'r');
    const stats = await handle.stat();
    if (!stats.isFile()) {
      await handle.close();
      throw notRegular();
    }
    return {
      sizeBytes: stats.size,
      read: async (offset, length) => {
        const bytes = new Uint8Array(length);
        let done = 0;
        while (done < length) {
          const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0) throw pastEnd(path, offset, length, done);
          done += bytesRead;
        }
        return bytes;
      },
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (cause) {
    throw notReadable(path, cause);
  }
}

/**
 * Whether a file could be written, for what cannot be undone when it turns out later that it cannot.
 *
 * @throws CliError as {@link writeOutputFile}
 */
export async function checkOutputFile(
  path: string,
  { overwrite = false }: { readonly overwrite?: boolean } = {},
): Promise<void> {
  if (!overwrite && (await exists(path))) throw fileExists(path);
  try {
    await access(dirname(path), constants.W_OK);
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

/**
 * Writes a file whole or not at all: to a temporary name beside it, then renamed, so that an
 * interrupted command leaves either the old file or the new one.
 *
 * @param options.mode its permissions, where it is new; `0o600` for secrets
 * @param options.temporary the temporary name, for who recognises what a killed process left
 * @throws CliError `cli/file-exists` unless `overwrite`, `cli/file-not-writable`
 */
export async function writeOutputFile(
  path: string,
  bytes: Uint8Array | string,
  {
    overwrite = false,
    mode = 0o666,
    temporary = `${path}.${randomUUID()}.tmp`,
  }: { readonly overwrite?: boolean; readonly mode?: number; readonly temporary?: string } = {},
): Promise<void> {
  if (!overwrite && (await exists(path))) throw fileExists(path);
  try {
    await writeFile(temporary, bytes, { flag: 'wx', mode });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw notWritable(path, cause);
  }
}

function fileExists(path: string): CliError {
  return new CliError('cli/file-exists', `${path} exists already`, {
    hint: 'Choose another name, or overwrite it with --force where the command has that.',
    details: { path },
  });
}

function notWritable(path: string, cause: unknown): CliError {
  return new CliError(
    'cli/file-not-writable',
    `${path} cannot be written: ${fileErrorReason(cause)}`,
    {
      hint: 'Check that the folder exists and that you may write there.',
      details: { path },
      cause,
    },
  );
}

function notRegular(): Error {
  return Object.assign(new Error('it is not a regular file'), { code: 'EISDIR' });
}

async function exists(path: string): Promise<boolean> {
  try {
    await using _file = await open(path, 'r');
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

function notReadable(path: string, cause: unknown): CliError {
  return new CliError(
    'cli/file-not-readable',
    `${path} cannot be read: ${fileErrorReason(cause)}`,
    {
      hint: 'Check the name, and that it is a file that you may read.',
      details: { path },
      cause,
    },
  );
}

function pastEnd(path: string, offset: number, length: number, have: number): BytesError {
  return new BytesError('bytes/read-past-end', `${path} became shorter while it was read`, {
    hint: 'Something is writing the file. Wait until the build is done.',
    details: { need: length, have, fileOffset: offset },
  });
}
