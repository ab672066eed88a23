import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { otakit } from '../support/cli.ts';
import { describeWithPeers } from '../support/peer.ts';
import { REPOSITORY } from '../support/source-files.ts';
import { watchOtakit } from '../support/watched-cli.ts';

const MERGED = join(REPOSITORY, 'firmware-samples/images/hello-esp32c3-1.0.0-merged.bin');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A virtual chip whose port changes its name once. */
async function simulate(listen: string, faults: object, ...more: readonly string[]) {
  const file = join(folder, 'faults.json');
  await writeFile(file, JSON.stringify(faults));
  const chip = ['--chip', 'esp32c3', '--faults', file, '--listen', listen];
  const board = watchOtakit(['simulate', 'chip', ...chip, ...more]);
  const [, first = ''] = await board.waitFor(/^(\S+)\n/);
  return {
    first,
    second: async () => (await board.waitFor(/^\S+\n(\S+)\n/))[1] ?? '',
    end: async () => {
      board.interrupt(new Error('enough'));
      await board.ended;
    },
  };
}

describe('a port that comes back under another name', () => {
  it.each(['tcp', 'rfc2217'])(
    'ends a write over %s as lost, and takes the same write there',
    async (scheme) => {
      const state = join(folder, 'flash.bin');
      const faults = { renameAfterBytes: 12_000 };
      const board = await simulate(`${scheme}://127.0.0.1:0`, faults, '--state', state);
      const write = (port: string) => otakit(['flash', 'write', MERGED, '--port', port]);

      const lost = await write(board.first);
      expect(lost.stderr).toContain('transport/port-lost');
      expect(lost.exitCode).toBe(4);
      const moved = await board.second();
      expect(moved).not.toBe(board.first);
      expect(moved).toMatch(new RegExp(`^${scheme}://127\\.0\\.0\\.1:\\d+$`));

      expect((await write(board.first)).exitCode).toBe(5);
      const done = await write(moved);
      expect(`${done.exitCode} ${done.stderr}`).toMatch(/^0 /);
      await board.end();
      const merged = await readFile(MERGED);
      const flash = await readFile(state);
      // The otadata and NVS of a merged image are written too where the flash was blank.
      expect(flash.subarray(0x1_0000, merged.length)).toEqual(merged.subarray(0x1_0000));
      expect(flash.subarray(0, 0x9000)).toEqual(merged.subarray(0, 0x9000));
    },
  );

  describeWithPeers(['socat'], 'on a pseudo-terminal', () => {
    it('is found again by a monitor through its link, and by nobody under its old name', async () => {
      const link = join(folder, 'board');
      const board = await simulate(`pty:${link}`, { renameAfterBytes: 1 }, '--image', MERGED);
      expect(await realpath(link)).toBe(board.first);
      const monitor = watchOtakit(['monitor', '--port', link]);
      await monitor.waitFor(/heartbeat \d/);
      monitor.type('x');
      const second = await board.second();
      expect(second).not.toBe(board.first);
      await monitor.waitForStderr(/went away; waiting for it to come back/);
      await monitor.waitForStderr(/is back/);
      // What the board says after its start: opening a pty discards what was in it.
      await monitor.waitFor(/heartbeat 1[^]*heartbeat 1/);
      expect(await realpath(link)).toBe(second);
      const gone = await otakit(['flash', 'info', '--port', board.first, '--no-reset']);
      expect(gone.exitCode).toBe(4);
      await board.end();
      await expect(realpath(link)).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('is another one also when it is renamed before anybody opens it', async () => {
      const board = await simulate('pty', { renameAfterBytesToHost: 100 }, '--image', MERGED);
      const second = await board.second();
      expect(second).not.toBe(board.first);
      const monitor = watchOtakit(['monitor', '--port', second]);
      await monitor.waitFor(/heartbeat \d/);
    });

    it('does not replace a file by its link', async () => {
      const file = join(folder, 'file');
      await writeFile(file, 'mine');
      const args = ['simulate', 'chip', '--chip', 'esp32', '--listen', `pty:${file}`];
      const result = await otakit(args);
      expect(result.exitCode).toBe(2);
      expect(result.stderr).toContain('virtual-chip/no-pty');
      expect(await readFile(file, 'utf8')).toBe('mine');
    });
  });
});
