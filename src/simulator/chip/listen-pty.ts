import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { VirtualChip } from './chip.ts';
import { VirtualChipError } from './codes.ts';
import { type ChipListener, listenTcp } from './listen-tcp.ts';

/**
 * Puts a chip's UART on a pseudo-terminal, for tools that want a device path. Node cannot make one,
 * so socat does, in front of a TCP listener; a pty has no modem lines, so neither has this.
 *
 * @throws VirtualChipError `virtual-chip/no-pty` where socat is missing or makes none
 */
export async function listenPty(chip: VirtualChip): Promise<ChipListener> {
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
