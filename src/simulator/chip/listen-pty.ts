import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, rename, rm, symlink } from 'node:fs/promises';
import type { VirtualChip } from './chip.ts';
import { VirtualChipError } from './codes.ts';
import { listenTcp } from './listen-tcp.ts';
import { type ChipListener, keepListening, type ListenerOptions } from './listener.ts';

/** How to show a pseudo-terminal. */
export interface PtyOptions extends ListenerOptions {
  /** A path that always leads to the port, as `/dev/serial/by-id` does for a board. */
  readonly link?: string;
}

/**
 * Puts a chip's UART on a pseudo-terminal, for tools that want a device path. Node cannot make one,
 * so socat does, in front of a TCP listener; a pty has no modem lines, so neither has this.
 *
 * @throws VirtualChipError `virtual-chip/no-pty` where socat is missing or makes none, or where the
 *   link cannot be made
 */
export async function listenPty(
  chip: VirtualChip,
  { link, ...options }: PtyOptions = {},
): Promise<ChipListener> {
  const listener = await keepListening(
    chip,
    async () => {
      const pty = await openPty(chip);
      if (link === undefined) return pty;
      try {
        await pointTo(link, pty.target);
      } catch (error) {
        await pty[Symbol.asyncDispose]();
        throw error;
      }
      return pty;
    },
    // A pseudo-terminal without its other end is over, so also the same cable makes another.
    { ...options, leavesWhen: ['unplugged', 'renamed'] },
  );
  return {
    get target() {
      return listener.target;
    },
    [Symbol.asyncDispose]: async () => {
      await listener[Symbol.asyncDispose]();
      if (link !== undefined) await rm(link, { force: true });
    },
  };
}

async function openPty(chip: VirtualChip): Promise<ChipListener> {
  const tcp = await listenTcp(chip, '127.0.0.1', 0);
  const socat = spawn('socat', ['-d', '-d', 'pty,raw,echo=0', tcp.target.replace('//', '')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(socat, 'exit').catch(() => {});
  try {
    return {
      target: await ptyPath(socat),
      [Symbol.asyncDispose]: async () => {
        socat.kill();
        await exited;
        await tcp[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    socat.kill();
    await tcp[Symbol.asyncDispose]();
    throw error;
  }
}

/** Makes or moves the link in one step. */
async function pointTo(link: string, path: string): Promise<void> {
  const next = `${link}.${process.pid}`;
  try {
    const there = await lstat(link).catch(() => null);
    if (there?.isSymbolicLink() === false) throw new Error('there is a file of that name');
    await rm(next, { force: true });
    await symlink(path, next);
    await rename(next, link);
  } catch (cause) {
    throw new VirtualChipError('virtual-chip/no-pty', `${link} cannot be made a link to ${path}`, {
      hint: 'Name a path in a folder that can be written to, or leave it away.',
      cause,
    });
  }
}

/** socat says on stderr which pty it made. */
async function ptyPath(socat: ReturnType<typeof spawn>): Promise<string> {
  let log = '';
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) =>
      reject(
        new VirtualChipError('virtual-chip/no-pty', 'socat made no pseudo-terminal', {
          hint: 'Install socat, or listen on tcp:// or rfc2217:// instead.',
          details: { log },
          cause,
        }),
      );
    socat.once('error', fail);
    socat.once('exit', fail);
    socat.stderr?.on('data', (chunk: Uint8Array) => {
      log += new TextDecoder().decode(chunk);
      const path = /PTY is (\S+)/.exec(log)?.[1];
      if (path !== undefined && log.includes('starting data transfer loop')) resolve(path);
    });
  });
}
