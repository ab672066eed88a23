import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { REPOSITORY } from '../../support/source-files.ts';

const MAIN = join(REPOSITORY, 'src/main.ts');
const MERGED = join(REPOSITORY, 'firmware-samples/images/hello-esp32c3-1.0.0-merged.bin');
const run = promisify(execFile);

it('ends when it is done, also where a virtual chip would go on', async () => {
  const args = ['flash', 'write', MERGED, '--port', 'sim://esp32c3'];
  const { stdout } = await run(process.execPath, [MAIN, ...args]);
  expect(stdout).toContain('boots factory');
});

it('ends at Ctrl-C, with the board that it simulates', async () => {
  const chip = spawn(process.execPath, [MAIN, 'simulate', 'chip', '--chip', 'esp32c3'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => {
    chip.kill('SIGKILL');
  });
  const ended = once(chip, 'exit');
  const [line] = (await once(chip.stdout, 'data')) as [Buffer];
  await run(process.execPath, [MAIN, 'flash', 'write', MERGED, '--port', line.toString().trim()]);
  chip.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
});
