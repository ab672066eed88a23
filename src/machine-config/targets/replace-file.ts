import type { Stats } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { MachineConfigError } from '../codes.ts';
import { removeLeftovers, temporaryName } from './leftovers.ts';

/** Any of the three bits that let somebody write. */
const WRITE_BITS = 0o222;
const PERMISSION_BITS = 0o7777;
const NOT_ALLOWED: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * Replaces the text of a file, whole or not at all, whenever the process ends. The file keeps owner,
 * group and permissions; a symbolic link stays one. What killed processes left beside it is removed.
 *
 * @param beforeReplacing throws to leave everything as it was: called when only the replacing is left
 * @throws MachineConfigError `machine-config/read-only`, `machine-config/other-owner`
 */
export async function replaceFile(
  path: string,
  text: string,
  beforeReplacing: () => Promise<void>,
): Promise<void> {
  const real = await realpath(path);
  const stats = await stat(real);
  if (!stats.isFile()) throw new Error('it is not a regular file');
  await refuseReadOnly(real, stats);
  await removeLeftovers(real);
  const temporary = await temporaryName(real);
  try {
    await using file = await createBeside(real, temporary);
    await file.writeFile(text);
    await keepOwner(file, real, stats);
    // Not with `open`, where the umask takes bits away; and after the owner, which takes some as well.
    await file.chmod(stats.mode & PERMISSION_BITS);
    // Without it, a power cut after the renaming could leave an empty file.
    await file.sync();
    await beforeReplacing();
    await rename(temporary, real);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cause;
  }
}

/** A folder lets anyone who may write there replace a file, which is not what its permissions say. */
async function refuseReadOnly(path: string, { mode }: Stats): Promise<void> {
  const name = basename(path);
  // Root may write everything; that a file is read-only counts all the same.
  const isReadOnly = (mode & WRITE_BITS) === 0;
  if (!isReadOnly && (await mayWrite(path))) return;
  const permissions = (mode & 0o777).toString(8);
  throw new MachineConfigError(
    'machine-config/read-only',
    isReadOnly
      ? `${name} is read-only (mode ${permissions})`
      : `you may not write ${name} (mode ${permissions})`,
    {
      hint: isReadOnly
        ? `Nothing was written. If it is yours to change: chmod u+w ${name}`
        : 'Nothing was written. Ask whoever owns it, or work on a copy.',
      details: { path, mode: permissions },
    },
  );
}

/** By opening it, which changes nothing: `access` goes by the user that started the program. */
async function mayWrite(path: string): Promise<boolean> {
  try {
    await (await open(path, 'r+')).close();
    return true;
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (NOT_ALLOWED.has(code)) return false;
    throw cause;
  }
}

async function createBeside(path: string, temporary: string): Promise<FileHandle> {
  try {
    return await open(temporary, 'wx', 0o600);
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (!NOT_ALLOWED.has(code)) throw cause;
    const folder = dirname(path);
    throw new MachineConfigError(
      'machine-config/read-only',
      `${basename(path)} cannot be replaced: its folder ${folder} takes no new file`,
      {
        hint: 'Nothing was written. A config is written to a new file first, so that it is never half: let otakit write in the folder, or work on a copy.',
        details: { path, folder },
        cause,
      },
    );
  }
}

async function keepOwner(file: FileHandle, path: string, { uid, gid }: Stats): Promise<void> {
  const made = await file.stat();
  if (made.uid === uid && made.gid === gid) return;
  try {
    await file.chown(uid, gid);
  } catch (cause) {
    throw new MachineConfigError(
      'machine-config/other-owner',
      `${basename(path)} belongs to user ${uid} and group ${gid}, and would belong to ${made.uid} and ${made.gid} once replaced`,
      {
        hint: 'Nothing was written. Run otakit as its owner, or make the file yours with chown.',
        details: { path, uid, gid },
        cause,
      },
    );
  }
}
