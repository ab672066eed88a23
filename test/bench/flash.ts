import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '../../src/shared/index.ts';
import { listenPty, VirtualChip } from '../../src/simulator/index.ts';
import { findPeer } from '../support/peer.ts';
import type { Benchmark } from './benchmark.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url));
const IMAGE_BYTES = 1024 * 1024;
const AT = '0x10000';
/** What the line can do; the last one is a line that costs no time, so that only the tools count. */
const RATES = [921_600, 2_000_000, null];
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
  title: 'flashing 1 MB of machine code beside esptool',
  run: async (report) => {
    const esptool = findPeer('esptool');
    const folder = await mkdtemp(join(tmpdir(), 'otakit-bench-'));
    try {
      const image = join(folder, 'image.bin');
      const changed = join(folder, 'changed.bin');
      const output = join(folder, 'read.bin');
      const bytes = await machineCode();
      await writeFile(image, bytes);
      bytes.fill(0x42, 0x5_5500, 0x5_5520);
      await writeFile(changed, bytes);
      for (const rate of RATES) {
        const label = rate === null ? 'unlimited' : `${rate} baud`;
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
            'read 1 MB',
            ours('read', AT, '1MB', '-o', output, '--force'),
            theirs('read-flash', AT, String(IMAGE_BYTES), output),
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

/** Real machine code compresses as firmware does: Node's own, from the middle. */
async function machineCode(): Promise<Buffer> {
  const file = await open(process.execPath);
  try {
    const bytes = Buffer.alloc(IMAGE_BYTES);
    await file.read(bytes, 0, IMAGE_BYTES, 32 * 1024 * 1024);
    return bytes;
  } finally {
    await file.close();
  }
}
