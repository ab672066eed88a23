import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CliError } from '../../../src/cli/codes.ts';
import { systemClock } from '../../../src/shared/index.ts';
import {
  type ChipListener,
  firmware,
  listenRfc2217,
  listenTcp,
  VirtualChip,
} from '../../../src/simulator/index.ts';
import { otakit } from '../../support/cli.ts';
import { REPOSITORY } from '../../support/source-files.ts';
import { watchOtakit } from '../../support/watched-cli.ts';

const sample = (name: string) => join(REPOSITORY, 'firmware-samples', 'images', name);
const MERGED = sample('hello-esp32c3-1.0.0-merged.bin');
const NEXT = sample('hello-esp32c3-1.1.0.bin');
const INTERRUPTED = new CliError('cli/interrupted', 'interrupted');

type Listen = (chip: VirtualChip) => Promise<ChipListener>;

async function plugIn(listen: Listen) {
  const chip = new VirtualChip({
    chip: 'esp32c3',
    clock: systemClock,
    boot: firmware(systemClock),
  });
  let printed = '';
  chip.onPrint((text) => (printed += text));
  const listener = await listen(chip);
  onTestFinished(() => listener[Symbol.asyncDispose]());
  return { chip, target: listener.target, printed: () => printed };
}

/** What the board has printed since it was last in its loader. */
function lastBoot(printed: string): string {
  return printed.split('waiting for download\n').at(-1) ?? '';
}

const onTcp: Listen = (chip) => listenTcp(chip, '127.0.0.1', 0);
const onRfc2217: Listen = (chip) => listenRfc2217(chip, '127.0.0.1', 0, systemClock);

describe('otakit flash … --monitor', () => {
  it.each([
    ['tcp://', onTcp],
    ['rfc2217://', onRfc2217],
  ])('loses no boot line over %s', async (_, listen) => {
    const { chip, target, printed } = await plugIn(listen);
    const args = ['flash', 'write', MERGED, '--monitor', '--port', target];
    const run = watchOtakit(args);
    await run.waitFor(/otakit-hello 1\.0\.0/);
    const [result, ...log] = run.stdout.split('\n');
    expect(result).toMatch(/verified; boots factory$/);
    // All that comes from the board, and nothing of the loader's last words.
    expect(
      lastBoot(printed())
        .split('\n')
        .slice(0, log.length - 1),
    ).toEqual(log.slice(0, -1));
    expect(log.join('\n')).toMatch(/^rst:0x\w+ \(\w+\),boot:/m);
    expect(chip.inLoader).toBe(false);
    run.interrupt(INTERRUPTED);
    expect(await run.ended).toBe(130);
    // The port is free again.
    const info = async () => (await otakit(['flash', 'info', '--port', target])).exitCode;
    await expect.poll(info).toBe(0);
  });

  it('loses no boot line on a board that is made on the spot', async () => {
    const run = watchOtakit(['flash', 'write', MERGED, '--monitor', '--port', 'sim://esp32c3']);
    await run.waitFor(/otakit-hello 1\.0\.0/);
    expect(run.stdout).toMatch(/boots factory\n(ESP-ROM:.*\nBuild:.*\n)?rst:/);
  });

  it('watches an update too, and without the stub', async () => {
    const { target, printed } = await plugIn(onTcp);
    await otakit(['flash', 'write', MERGED, '--port', target]);
    const args = ['flash', 'app', NEXT, '--monitor', '--no-stub', '--port', target];
    const run = watchOtakit(args);
    await run.waitFor(/otakit-hello 1\.1\.0/);
    const [result, ...log] = run.stdout.split('\n');
    expect(result).toMatch(/boots ota_0 \(otadata was changed\)$/);
    expect(
      lastBoot(printed())
        .split('\n')
        .slice(0, log.length - 1),
    ).toEqual(log.slice(0, -1));
  });

  it('prints JSON line by line', async () => {
    const { target, printed } = await plugIn(onTcp);
    const elf = sample('hello-esp32c3-1.0.0.elf');
    const args = ['flash', 'write', MERGED, '--monitor', '--elf', elf, '--json', '--port', target];
    const run = watchOtakit(args);
    await run.waitFor(/otakit-hello 1\.0\.0/);
    const [result, ...lines] = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(result).toMatchObject({ boards: [{ ok: true, chip: 'esp32c3' }] });
    expect(lines[0]?.['text']).toBe(lastBoot(printed()).split('\n')[0]);
  });

  it('does not watch a board that could not be flashed', async () => {
    const { chip, target } = await plugIn(onTcp);
    const wrong = sample('hello-esp32-1.0.0-merged.bin');
    const { exitCode, stdout } = await otakit([
      'flash',
      'write',
      wrong,
      '--monitor',
      '--port',
      target,
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    await expect.poll(() => chip.inLoader).toBe(false);
  });

  it('refuses what does not go together, before a port is opened', async () => {
    const run = (...args: string[]) => otakit(['flash', 'write', MERGED, ...args]);
    const two = await run('--monitor', '--port', 'tcp://127.0.0.1:1,tcp://127.0.0.1:2');
    expect(two).toMatchObject({ exitCode: 2 });
    expect(two.stderr).toContain('--monitor watches one board');
    const port = ['--port', 'tcp://127.0.0.1:1'];
    expect((await run('--monitor', '--no-reset', ...port)).exitCode).toBe(2);
    expect((await run('--elf', 'x.elf', ...port)).stderr).toContain('Add --monitor');
    expect((await run('--monitor', '--elf', 'none.elf', ...port)).exitCode).toBe(3);
    const rate = await run('--monitor', '--monitor-baud', 'fast', ...port);
    expect(rate.stderr).toContain('--monitor-baud fast is not a rate');
  });
});
