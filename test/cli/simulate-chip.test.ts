import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/index.ts';
import { otakit } from '../support/cli.ts';
import { REPOSITORY } from '../support/source-files.ts';

const MERGED = join(REPOSITORY, 'firmware-samples/images/hello-esp32c3-1.0.0-merged.bin');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('otakit simulate chip', () => {
  it('boots its image for whoever connects, and keeps its flash', async () => {
    const interrupt = new AbortController();
    const target = Promise.withResolvers<string>();
    const state = join(folder, 'flash.bin');
    const running = runCli(
      ['simulate', 'chip', '--chip', 'esp32c3', '--image', MERGED, '--state', state, '--json'],
      {
        stdout: {
          write: (text) => target.resolve((JSON.parse(text) as { target: string }).target),
        },
        stderr: { write: () => {} },
        stdin: Readable.from([]),
        env: {},
        signal: interrupt.signal,
      },
    );
    const { hostname, port } = new URL((await target.promise).replace('tcp:', 'http:'));
    const socket = connect(Number(port), hostname);
    let log = '';
    for await (const chunk of socket) {
      log += String(chunk);
      if (log.includes('otakit-hello 1.0.0 on ESP32-C3')) break;
    }
    interrupt.abort(new Error('enough'));
    await running;
    expect(log).toContain('2nd stage bootloader');
    const kept = await readFile(state);
    expect(kept.length).toBe(4 * 1024 * 1024);
    expect(kept.subarray(0, 100_000)).toEqual((await readFile(MERGED)).subarray(0, 100_000));
  });

  it.each([
    [['--chip', 'esp99'], 2, 'cli/usage'],
    [['--chip', 'esp8266'], 2, 'virtual-chip/unsupported-chip'],
    [['--chip', 'esp32', '--flash', '3MB'], 2, 'cli/usage'],
    [['--chip', 'esp32', '--listen', 'here'], 2, 'cli/usage'],
    [['--chip', 'esp32', '--baud-limit', 'fast'], 2, 'cli/usage'],
  ])('refuses %j', async (args, exitCode, code) => {
    const result = await otakit(['simulate', 'chip', ...args]);
    expect(result.exitCode).toBe(exitCode);
    expect(result.stderr).toContain(code);
  });

  it.each(['no json', '[]', '{"unplug": 1}', '{"badSectors": 3.5, "flashId": "x"}'])(
    'refuses the faults %s',
    async (text) => {
      const faults = join(folder, 'faults.json');
      await writeFile(faults, text);
      const result = await otakit(['simulate', 'chip', '--chip', 'esp32', '--faults', faults]);
      expect(result.exitCode).toBe(3);
      expect(result.stderr).toContain('virtual-chip/bad-faults');
    },
  );

  it('says that a pseudo-terminal needs socat', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = folder;
    try {
      const result = await otakit(['simulate', 'chip', '--chip', 'esp32', '--listen', 'pty']);
      expect(result.stderr).toContain('virtual-chip/no-pty');
      expect(result.exitCode).toBe(2);
    } finally {
      process.env['PATH'] = path;
    }
  });
});
