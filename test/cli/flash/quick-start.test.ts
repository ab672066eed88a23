import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { describeWithPeers } from '../../support/peer.ts';
import { REPOSITORY } from '../../support/source-files.ts';

const run = promisify(execFile);
const MAIN = join(REPOSITORY, 'src/main.ts');
const sample = (name: string) => join(REPOSITORY, 'firmware-samples/images', `${name}.bin`);

/** A command that goes on until it is stopped; killed when the test is over. */
function start(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

/** What a command prints until this matches; it is read on, since it may print more. */
function printed(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (pattern.test(text)) resolve(text);
    });
    child.once('close', () => reject(new Error(`ended without ${pattern}:\n${text}`)));
  });
}

/** What is typed on a first day, with every command a process of its own. */
describeWithPeers(['esptool'], 'from a virtual chip to the second version', ([esptool = '']) => {
  it('flashes, watches, updates, watches, and esptool confirms', async () => {
    const board = start('simulate', 'chip', '--chip', 'esp32c3');
    const target = (await printed(board, /\n/)).trim();
    const write = (...args: readonly string[]) =>
      run(process.execPath, [MAIN, 'flash', 'write', ...args, '--port', target]);
    const watch = async (pattern: RegExp): Promise<string> => {
      const monitor = start('monitor', '--port', target);
      const log = await printed(monitor, pattern);
      monitor.kill('SIGINT');
      expect(await once(monitor, 'exit')).toEqual([130, null]);
      return log;
    };

    const first = await write(sample('hello-esp32c3-1.0.0-merged'));
    expect(first.stdout).toContain('verified; boots factory');
    expect(await watch(/heartbeat 1/)).toContain('otakit-hello 1.0.0 on ESP32-C3');

    const second = await write(sample('hello-esp32c3-1.1.0'), '--at', 'ota_0');
    expect(second.stdout).toContain('verified; boots ota_0 (otadata was changed)');
    const log = await watch(/heartbeat 1/);
    expect(log).toContain('Loaded app from partition at offset 0x110000');
    expect(log).toContain('otakit-hello 1.1.0 on ESP32-C3');

    const port = ['--port', target.replace('tcp', 'socket')];
    const noLines = ['--before', 'no-reset', '--after', 'no-reset'];
    const verify = ['verify-flash', '0x110000', sample('hello-esp32c3-1.1.0')];
    const confirmed = await run(esptool, [...port, ...noLines, ...verify]);
    expect(confirmed.stdout).toContain('Verification successful');

    // Its program, which beats for ever, must not keep it alive.
    board.kill('SIGINT');
    expect(await once(board, 'exit')).toEqual([130, null]);
  });
});
