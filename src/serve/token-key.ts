import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Issue } from '../shared/index.ts';
import { ServeError } from './codes.ts';

const KEY_BYTES = 32;
const OWNER_ONLY = 0o600;

/** The key that signs download tokens, and what there is to say about its file. */
export interface TokenKey {
  readonly bytes: Uint8Array;
  readonly issues: readonly Issue[];
}

/**
 * Opens the key file, or makes one with 32 random bytes that only its owner may read. A key that
 * others could read is replaced, which ends the URLs that it signed.
 *
 * @throws ServeError `serve/key-unusable`
 */
export async function openTokenKey(path: string): Promise<TokenKey> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const issues: Issue[] = [];
    const mode = await modeOf(path);
    if (process.platform !== 'win32' && mode !== null && (mode & 0o077) !== 0) {
      await rm(path);
      issues.push({
        code: 'serve/key-exposed',
        severity: 'warning',
        message: `${path} could be read by others (mode ${(mode & 0o777).toString(8)}); a new key replaces it`,
        hint: 'Paste the new URL: those that the old key signed no longer work.',
      });
    }
    const bytes = (await readKey(path)) ?? (await createKey(path));
    if (bytes.length !== KEY_BYTES)
      throw new Error(`it has ${bytes.length} bytes, not ${KEY_BYTES}`);
    return { bytes, issues };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServeError('serve/key-unusable', `the key file ${path} cannot be used: ${reason}`, {
      hint: 'Delete the file, or name another data folder with --data.',
      details: { path },
      cause,
    });
  }
}

async function modeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mode;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function readKey(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Written whole under another name, then linked, so that two servers starting at once agree. */
async function createKey(path: string): Promise<Uint8Array> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  await writeFile(temporary, randomBytes(KEY_BYTES), { mode: OWNER_ONLY, flag: 'wx' });
  try {
    await chmod(temporary, OWNER_ONLY);
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return readFile(path);
}
