import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CliError } from '../../../src/cli/codes.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { type ChipFaults, listenTcp, VirtualChip } from '../../../src/simulator/index.ts';
import { REPOSITORY } from '../../support/source-files.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';
import { watchOtakit } from '../../support/watched-cli.ts';
import { freePort } from '../../transport/echo-server.ts';

const MERGED = join(REPOSITORY, 'firmware-samples/images/hello-esp32c3-1.0.0-merged.bin');
const BELL = '\u0007';
const INTERRUPTED = new CliError('cli/interrupted', 'interrupted');

/** A socket of a bench, at which boards come and go. */
async function socket() {
  const port = await freePort();
  const target = `tcp://127.0.0.1:${port}`;
  const plugIn = async (chip: VirtualChip) => {
    const listener = await listenTcp(chip, '127.0.0.1', port);
    onTestFinished(() => listener[Symbol.asyncDispose]());
    return { unplug: () => listener[Symbol.asyncDispose]() };
  };
  return { target, plugIn };
}

function board(number: number, faults: ChipFaults = {}): VirtualChip {
  return new VirtualChip({
    chip: 'esp32c3',
    clock: systemClock,
    identity: { mac: [2, 0, 0, 0, 0, number] },
    faults,
  });
}

describe('otakit flash write --loop', () => {
  it('flashes board after board, and counts them at the end', async () => {
    const { target, plugIn } = await socket();
    const run = watchOtakit(['flash', 'write', MERGED, '--loop', '--port', target], {
      isTTY: true,
      env: { NO_COLOR: '1' },
    });
    await run.waitForStderr(/Waiting for boards on tcp:/);
    const first = board(1);
    const { unplug } = await plugIn(first);
    await run.waitFor(/^#1 tcp:.* 02:00:00:00:00:01: wrote .*, verified; boots factory\n/m);
    await expect.poll(() => run.stderr.includes(BELL)).toBe(true);
    await unplug();
    await run.waitForStderr(/unplugged, waiting for the next board/);
    const second = await plugIn(board(2));
    await run.waitFor(/^#2 tcp:.* 02:00:00:00:00:02: wrote/m);
    await second.unplug();
    // The first once more: it is still the same board.
    await plugIn(first);
    await run.waitFor(/^#2 tcp:.* 02:00:00:00:00:01: the flash held all/m);
    expect(run.stderr.split(BELL)).toHaveLength(4);
    run.interrupt(INTERRUPTED);
    expect(await run.ended).toBe(0);
    expect(run.stdout).toMatch(
      /02:00:00:00:00:01 +tcp:\S+ +done\s+02:00:00:00:00:02 +tcp:\S+ +done/,
    );
    expect(run.stdout).toMatch(/\n2 boards done\n$/);
  });

  it('does not end with a bad board, and forgets its failure when it goes well later', async () => {
    const { target, plugIn } = await socket();
    const run = watchOtakit(['flash', 'write', MERGED, '--loop', '--port', target]);
    const bad = await plugIn(board(1, { badSectors: [0x11] }));
    await run.waitForStderr(/error flash\/verify-failed/);
    await bad.unplug();
    const good = await plugIn(board(2));
    await run.waitFor(/^#1 .*02:00:00:00:00:02: wrote/m);
    await good.unplug();
    // Repaired.
    await plugIn(board(1));
    await run.waitFor(/^#2 .*02:00:00:00:00:01: wrote/m);
    run.interrupt(INTERRUPTED);
    expect(await run.ended).toBe(0);
  });

  it('says by its exit code that a board failed', async () => {
    const { target, plugIn } = await socket();
    const run = watchOtakit(['flash', 'write', MERGED, '--loop', '--port', target]);
    await plugIn(board(1, { badSectors: [0x11] }));
    await run.waitForStderr(/error flash\/verify-failed/);
    run.interrupt(INTERRUPTED);
    expect(await run.ended).toBe(6);
    expect(run.stdout).toMatch(/02:00:00:00:00:01 +tcp:\S+ +failed\s+0 boards done, 1 failed\n$/);
  });

  it('goes on after a cable is pulled in the middle, and does the same board then', async () => {
    const { target, plugIn } = await socket();
    const run = watchOtakit(['flash', 'write', MERGED, '--loop', '--port', target]);
    // Plugged in again by the next connection.
    await plugIn(board(1, { unplugAfterBytes: 20_000 }));
    await run.waitForStderr(/error transport\/port-lost/);
    await run.waitFor(/^#1 .*02:00:00:00:00:01: wrote/m);
    run.interrupt(INTERRUPTED);
    expect(await run.ended).toBe(0);
  });

  it('ends with 130 in the middle of a board, which then runs again', async () => {
    const { target, plugIn } = await socket();
    const args = ['flash', 'write', MERGED, '--loop', '--full', '--port', target];
    const run = watchOtakit(args, { isTTY: true });
    const chip = new VirtualChip({
      chip: 'esp32c3',
      clock: systemClock,
      // Slow enough to be interrupted.
      baudLimit: 115_200,
    });
    await plugIn(chip);
    await run.waitForStderr(/Write/);
    run.interrupt(INTERRUPTED);
    expect(await run.ended).toBe(130);
    expect(run.stdout).toContain('0 boards done, 1 failed');
    await expect.poll(() => chip.inLoader).toBe(false);
  });

  it('works at several sockets at once, each board with a row of its own', async () => {
    const left = await socket();
    const right = await socket();
    const rows = join(await temporaryFolder(), 'rows.csv');
    await writeFile(rows, 'id,f:serial:string\nSN-1,one\nSN-2,two\nSN-3,three\n');
    const port = `${left.target},${right.target}`;
    const args = ['flash', 'write', MERGED, '--loop', '--nvs-rows', rows, '--json', '--port', port];
    const run = watchOtakit(args);
    const first = await left.plugIn(board(1));
    await run.waitFor(/02:00:00:00:00:01/);
    await right.plugIn(board(2));
    await run.waitFor(/02:00:00:00:00:02/);
    await first.unplug();
    await left.plugIn(board(3));
    await run.waitFor(/02:00:00:00:00:03/);
    run.interrupt(INTERRUPTED);
    expect(await run.ended).toBe(0);
    const lines = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.slice(0, 3).map(({ nvsRow }) => nvsRow)).toEqual(['SN-1', 'SN-2', 'SN-3']);
    expect(lines[3]).toMatchObject({ summary: { done: 3, failed: 0 } });
    const journal = await readFile(`${rows}.boards.jsonl`, 'utf8');
    expect(journal.match(/"flashed"/g)).toHaveLength(3);
  });

  it('does not go with --monitor', async () => {
    const run = watchOtakit(['flash', 'write', MERGED, '--loop', '--monitor']);
    expect(await run.ended).toBe(2);
  });
});
