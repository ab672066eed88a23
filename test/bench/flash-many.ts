import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import { machineCode } from './machine-code.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url));
const IMAGE_BYTES = 512 * 1024;
const BOARDS = 8;
const BAUD = '921600';
/** With modem lines and rates, as boards on USB have them. */
const LISTEN = ['--listen', 'rfc2217://127.0.0.1:0'];

/** Each board a process of its own behind its own line, so that only the tool is shared. */
export const benchmark: Benchmark = {
  title: `flashing ${BOARDS} boards at once beside one`,
  run: async (report) => {
    const folder = await mkdtemp(join(tmpdir(), 'otakit-bench-'));
    const boards: ChildProcess[] = [];
    try {
      const image = join(folder, 'image.bin');
      await writeFile(image, await machineCode(IMAGE_BYTES));
      const targets = await Promise.all(
        Array.from({ length: BOARDS + 1 }, async () => {
          const board = spawn(
            process.execPath,
            [MAIN, 'simulate', 'chip', '--chip', 'esp32c3', '--baud-limit', BAUD, ...LISTEN],
            { stdio: ['ignore', 'pipe', 'ignore'] },
          );
          boards.push(board);
          for await (const line of createInterface({ input: board.stdout })) return line;
          throw new Error('a virtual chip did not start');
        }),
      );
      const flash = async (ports: readonly string[]): Promise<number> => {
        const start = performance.now();
        const where = ['--port', ports.join(','), '--baud', BAUD];
        await run(process.execPath, [MAIN, 'flash', 'write', `0x10000=${image}`, ...where]);
        return performance.now() - start;
      };
      const [first = '', ...others] = targets;
      const one = await flash([first]);
      const all = await flash(others);
      report({
        what: `${BOARDS} boards at once, 512 KB, ${BAUD} baud: time`,
        unit: 'ms',
        ours: all,
        peer: { name: 'one board', value: one },
        better: 'lower',
      });
    } finally {
      for (const board of boards) {
        board.kill();
        if (board.exitCode === null && board.signalCode === null) await once(board, 'exit');
      }
      await rm(folder, { recursive: true });
    }
  },
};
