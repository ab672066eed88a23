import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CliError } from '../../../src/cli/codes.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { firmware, listenTcp, VirtualChip } from '../../../src/simulator/index.ts';
import { otakit } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

/** A chip on a slow line, which says when it has sent as much. */
class SlowChip extends VirtualChip {
  readonly #onSent: () => void;
  #left: number;

  constructor(afterBytes: number, onSent: () => void) {
    super({
      chip: 'esp32c3',
      clock: systemClock,
      boot: firmware(systemClock),
      baudLimit: 115_200,
    });
    this.#left = afterBytes;
    this.#onSent = onSent;
  }

  override onOutput(listener: Parameters<VirtualChip['onOutput']>[0]): void {
    super.onOutput((bytes, rate) => {
      listener(bytes, rate);
      const before = this.#left;
      this.#left -= bytes.length;
      if (before > 0 && this.#left <= 0) this.#onSent();
    });
  }
}

it('Ctrl-C in a read over a slow line leaves port, file and board as they should be', async () => {
  const folder = await temporaryFolder();
  const output = join(folder, 'dump.bin');
  await writeFile(output, 'what was there before');
  const stop = new AbortController();
  const chip = new SlowChip(10_000, () =>
    stop.abort(new CliError('cli/interrupted', 'interrupted')),
  );
  await using listener = await listenTcp(chip, '127.0.0.1', 0);
  const port = ['--port', listener.target];

  const range = ['0x10000', '1MB', '-o', output, '--force'];
  const read = await otakit(['flash', 'read', ...range, ...port], { signal: stop.signal });
  expect(`${read.exitCode} ${read.stdout}`).toBe('130 ');
  expect(await readFile(output, 'utf8')).toBe('what was there before');
  expect(await readdir(folder)).toEqual(['dump.bin']);
  await expect.poll(() => chip.inLoader).toBe(false);

  const info = await otakit(['flash', 'info', ...port]);
  expect(`${info.exitCode} ${info.stdout}`).toContain('0 tcp://');
});
