import { constants } from 'node:fs';
import { access, readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';

/** A process that has a port open. */
export interface Holder {
  readonly pid: number;
  readonly name: string;
}

/** Whether a port can be opened, and what to do where not. */
export type Access =
  | { readonly kind: 'ok' }
  | { readonly kind: 'denied'; readonly group: string | null; readonly hint: string }
  | { readonly kind: 'busy'; readonly holder: Holder; readonly hint: string }
  | { readonly kind: 'missing'; readonly hint: string };

/**
 * Looks at a port from outside. It is never opened: on many boards that alone causes a reset.
 * Who has it open can only be seen on Linux, and only for processes of the same user (or as root).
 */
export async function accessTo(path: string): Promise<Access> {
  try {
    // Windows has no file behind COM3.
    if (process.platform === 'win32') return { kind: 'ok' };
    await access(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return missing();
    return denied(await groupOf(path));
  }
  const holder = await holderOf(path);
  return holder === null ? { kind: 'ok' } : busy(holder);
}

export function missing(): Access {
  return {
    kind: 'missing',
    hint: 'Plug the board in with a data cable; `otakit ports` lists what is there.',
  };
}

export function denied(group: string | null): Access {
  const hint =
    group === null || group === 'root'
      ? 'Give your user access to the port: install udev rules for it, or run the command as root.'
      : `Add yourself to the group "${group}" and log in again: sudo usermod -aG ${group} $USER`;
  return { kind: 'denied', group, hint };
}

export function busy(holder: Holder): Access {
  const hint =
    holder.name === 'brltty'
      ? 'brltty takes USB serial ports for Braille displays. Remove it: sudo apt remove brltty'
      : `Close ${holder.name} (pid ${holder.pid}), which has the port open.`;
  return { kind: 'busy', holder, hint };
}

async function groupOf(path: string): Promise<string | null> {
  const gid = (await stat(path).catch(() => null))?.gid;
  const groups = await readFile('/etc/group', 'utf8').catch(() => '');
  const line = groups.split('\n').find((row) => row.split(':')[2] === String(gid));
  return line?.split(':')[0] ?? null;
}

/** The first process that has a file open, other than this one. */
export async function holderOf(path: string): Promise<Holder | null> {
  const target = await realpath(path).catch(() => path);
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    if (Number(pid) === process.pid) continue;
    const folder = `/proc/${pid}/fd`;
    const descriptors = await readdir(folder).catch(() => []);
    const files = await Promise.all(
      descriptors.map((descriptor) => readlink(`${folder}/${descriptor}`).catch(() => '')),
    );
    if (!files.includes(target)) continue;
    const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
    return { pid: Number(pid), name: name || `process ${pid}` };
  }
  return null;
}
