import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildTestApp, buildTestBootloader } from '../support/build-image.ts';
import { findPeer } from '../support/peer.ts';
import { type Benchmark, median } from './benchmark.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(REPOSITORY, 'dist/bin/main.js');
const ELF = join(REPOSITORY, 'firmware-samples/images/hello-esp32-1.0.0.elf');
const MB = 1024 * 1024;
const PROCESSES = 7;

export const benchmark: Benchmark = {
  title: 'images: merge and from-elf as processes against esptool merge-bin and elf2image',
  run: async (report) => {
    const folder = mkdtempSync(join(tmpdir(), 'otakit-bench-'));
    try {
      const file = (name: string) => join(folder, name);
      writeFileSync(file('bootloader'), await buildTestBootloader());
      writeFileSync(file('app'), await buildTestApp({ codeBytes: 4 * MB - 0x11000 }));
      const parts = ['0x1000', file('bootloader'), '0x10000', file('app')];
      const merge = (format: string) => ({
        what: `\`image merge --format ${format}\` of a 4 MB app`,
        ours: ['image', 'merge', '--force', '--format', format, '-o', file('ours'), ...parts],
        name: 'esptool merge-bin',
        theirs: ['-c', 'esp32', 'merge-bin', '-f', format, '-o', file('theirs'), ...parts],
      });
      const fromElf = {
        what: '`image from-elf` of the sample',
        ours: ['image', 'from-elf', ELF, '-c', 'esp32', '--force', '-o', file('ours')],
        name: 'esptool elf2image',
        theirs: ['-c', 'esp32', 'elf2image', '-o', file('theirs'), ELF],
      };
      for (const { what, ours, name, theirs } of [
        merge('raw'),
        merge('hex'),
        merge('uf2'),
        fromElf,
      ]) {
        const times = inTurns([process.execPath, MAIN, ...ours], theirs);
        const peer = { name, value: times.theirs.length === 0 ? null : median(times.theirs) };
        report({ what, unit: 'ms', ours: median(times.ours), peer, better: 'lower' });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** Both in turns, so that whatever else the machine does meets both. */
function inTurns(command: readonly string[], peerArgs: readonly string[]) {
  const esptool = findPeer('esptool');
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < PROCESSES; round += 1) {
    ours.push(processMs(command));
    if (esptool !== null) theirs.push(processMs([esptool, ...peerArgs]));
  }
  return { ours, theirs };
}

function processMs([command = '', ...args]: readonly string[]): number {
  const start = performance.now();
  execFileSync(command, args, { stdio: 'ignore' });
  return performance.now() - start;
}
