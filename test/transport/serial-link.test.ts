import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listPorts, openLink } from '../../src/transport/index.ts';
import { describeWithPeers } from '../support/peer.ts';
import { type EchoingLink, linkContract } from './link-contract.ts';

/** A pty whose other end echoes, made by socat. */
async function openPty(socat: string): Promise<{ path: string; process: ChildProcess }> {
  const process = spawn(socat, ['-d', '-d', 'pty,raw,echo=0', 'exec:cat'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  for await (const chunk of process.stderr ?? []) {
    log += String(chunk);
    const path = /PTY is (\S+)/.exec(log)?.[1];
    if (path !== undefined && log.includes('starting data transfer loop')) {
      process.stderr?.resume();
      return { path, process };
    }
  }
  throw new Error(`socat made no pty: ${log}`);
}

async function stop(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const exited = once(process, 'exit');
  process.kill('SIGKILL');
  await exited;
}

describeWithPeers(['socat'], 'a serial port (pty by socat)', ([socat = '']) => {
  async function openEcho(): Promise<EchoingLink> {
    const { path, process } = await openPty(socat);
    const link = await openLink(path, { baudRate: 115_200 });
    return {
      link,
      hangUp: () => stop(process),
      [Symbol.asyncDispose]: async () => {
        await link[Symbol.asyncDispose]();
        await stop(process);
      },
    };
  }

  linkContract('a pty', openEcho);

  it('has a rate but no modem lines, and says so instead of failing', async () => {
    await using echo = await openEcho();
    expect(echo.link.hasBaudRate).toBe(true);
    expect(echo.link.hasSignals).toBe(false);
    expect(echo.link.usb).toBeNull();
  });

  it('is busy while another program has it open, and the program is named', async () => {
    const { path, process } = await openPty(socat);
    const reader = spawn('cat', [path], { stdio: 'ignore' });
    try {
      await using link = await openLink(path, { baudRate: 115_200 });
      // The exclusive lock keeps a second one of ours out.
      await expect(openLink(path, { baudRate: 115_200 })).rejects.toMatchObject({
        code: 'transport/port-busy',
      });
      expect(link.target).toBe(path);
    } finally {
      await stop(reader);
      await stop(process);
    }
  });
});

describe('a serial port that cannot be opened', () => {
  it('is missing', async () => {
    await expect(openLink('/dev/ttyUSB987', { baudRate: 115_200 })).rejects.toMatchObject({
      code: 'transport/port-missing',
      kind: 'device',
    });
  });

  it('is a device, but not a serial one, whoever else has it open', async () => {
    await expect(openLink('/dev/null', { baudRate: 115_200 })).rejects.toMatchObject({
      code: 'transport/port-failed',
      message: '/dev/null is no serial port',
    });
  });

  it('is not a port at all', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'otakit-'));
    try {
      const path = join(folder, 'plain-file');
      await writeFile(path, 'x');
      await expect(openLink(path, { baudRate: 115_200 })).rejects.toMatchObject({
        code: 'transport/port-failed',
      });
      await chmod(path, 0o000);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('listPorts', () => {
  it('answers on any machine, without opening anything', async () => {
    for (const port of await listPorts()) expect(port.path).not.toBe('');
  });
});
