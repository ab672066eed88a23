import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '../../src/shared/index.ts';
import { listenPty, VirtualChip } from '../../src/simulator/index.ts';
import { findPeer } from '../support/peer.ts';
import type { Benchmark } from './benchmark.ts';
import { machineCode } from './machine-code.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url));
const AT = '0x10000';
/**
 * What the line can do; the last one is a line that costs no time, so that only the tools count. At the
 * slowest a megabyte would take minutes, and say no more.
 */
const LINES: readonly { readonly rate: number | null; readonly imageBytes: number }[] = [
  { rate: 115_200, imageBytes: 128 * 1024 },
  { rate: 921_600, imageBytes: 1024 * 1024 },
  { rate: 2_000_000, imageBytes: 1024 * 1024 },
  { rate: null, imageBytes: 1024 * 1024 },
];
/** Where the port goes in a command line. */
const PORT = 'PORT';

/** One run of a tool: how long, how much processor, and what went over the line. */
interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly wireBytes: number;
}

/** A virtual chip that counts what goes over its line. */
class CountingChip extends VirtualChip {
  wireBytes = 0;

  override receive(bytes: Uint8Array, hostBaudRate: number | null): Promise<void> {
    this.wireBytes += bytes.length;
    return super.receive(bytes, hostBaudRate);
  }

  override onOutput(listener: Parameters<VirtualChip['onOutput']>[0]): void {
    super.onOutput((bytes, rate) => {
      this.wireBytes += bytes.length;
      listener(bytes, rate);
    });
  }
}

/** Whole processes of both tools on the same virtual chip behind the same pty, at the same rates. */
export const benchmark: Benchmark = {
  title: 'flashing machine code beside esptool (three minutes)',
  run: async (report) => {
    const esptool = findPeer('esptool');
    const folder = await mkdtemp(join(tmpdir(), 'otakit-bench-'));
    try {
      const image = join(folder, 'image.bin');
      const changed = join(folder, 'changed.bin');
      const output = join(folder, 'read.bin');
      for (const { rate, imageBytes } of LINES) {
        const bytes = await machineCode(imageBytes);
        await writeFile(image, bytes);
        bytes.fill(0x42, 0x1_5500, 0x1_5520);
        await writeFile(changed, bytes);
        const size = `${imageBytes / 1024} KB`;
        const label = `${size}, ${rate === null ? 'unlimited' : `${rate} baud`}`;
        const baud = String(rate ?? 2_000_000);
        const ours = (...args: string[]) => [
          process.execPath,
          MAIN,
          'flash',
          ...args,
          '--port',
          PORT,
          '--no-reset',
          '--baud',
          baud,
        ];
        const theirs = (...args: string[]) =>
          esptool === null
            ? null
            : [
                esptool,
                '--port',
                PORT,
                '--baud',
                baud,
                '--before',
                'no-reset',
                '--after',
                'no-reset',
                ...args,
              ];
        const write = (file: string) =>
          [ours('write', `${AT}=${file}`), theirs('write-flash', AT, file)] as const;
        const cases = [
          ['first flash', ...write(image)],
          ['again after a small change', ...write(changed)],
          [
            'the same, esptool with --diff-with',
            ours('write', `${AT}=${image}`),
            theirs('write-flash', AT, image, '--diff-with', changed),
          ],
          [
            'read',
            ours('read', AT, String(imageBytes), '-o', output, '--force'),
            theirs('read-flash', AT, String(imageBytes), output),
          ],
        ] as const;
        await using ourChip = await plugIn(rate);
        await using theirChip = await plugIn(rate);
        for (const [what, our, their] of cases) {
          const mine = await cost(ourChip, our);
          const peer = their === null ? null : await cost(theirChip, their);
          const row = (unit: string, pick: (one: Cost) => number, suffix: string) =>
            report({
              what: `${what}, ${label}: ${suffix}`,
              unit,
              ours: pick(mine),
              peer: { name: 'esptool', value: peer === null ? null : pick(peer) },
              better: 'lower',
            });
          row('ms', ({ wallMs }) => wallMs, 'time');
          row('KB', ({ wireBytes }) => wireBytes / 1024, 'on the line');
          if (rate === null) row('ms', ({ cpuMs }) => cpuMs, 'processor');
        }
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function plugIn(rate: number | null) {
  const chip = new CountingChip({
    chip: 'esp32c3',
    clock: systemClock,
    ...(rate === null ? {} : { baudLimit: rate }),
  });
  const listener = await listenPty(chip);
  return {
    chip,
    target: listener.target,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

async function cost(
  { chip, target }: { readonly chip: CountingChip; readonly target: string },
  command: readonly string[],
): Promise<Cost> {
  const before = chip.wireBytes;
  const start = performance.now();
  // `times` prints the processor time of the shell, and below that of its children.
  const { stdout } = await run('bash', [
    '-c',
    '"$@" >/dev/null 2>&1 || echo failed; times',
    'bash',
    ...command.map((word) => (word === PORT ? target : word)),
  ]);
  const wallMs = performance.now() - start;
  if (stdout.includes('failed')) throw new Error(`${command.join(' ')} failed`);
  const children = stdout.trim().split('\n').at(-1) ?? '';
  const cpuMs = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  );
  return { wallMs, cpuMs, wireBytes: chip.wireBytes - before };
}
