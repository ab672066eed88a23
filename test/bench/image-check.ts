import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkAppImage } from '../../src/app-image/index.ts';
import { memorySource, sha256 } from '../../src/shared/index.ts';
import { buildTestApp } from '../support/build-image.ts';
import { findPeer } from '../support/peer.ts';
import { type Benchmark, median } from './benchmark.ts';

const MAIN = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url));
const MB = 1024 * 1024;
const PROCESSES = 9;
const ROUNDS = 15;
/** A segment holds less than 16 MB, and the descriptor and padding come on top. */
const LARGE_CODE_BYTES = 16 * MB - 0x20000;

export const benchmark: Benchmark = {
  title:
    'images: check as a process against esptool image-info, and in the library against SHA-256',
  run: async (report) => {
    await checkAsProcess(report);
    await checkInLibrary(report);
  },
};

type Report = Parameters<Benchmark['run']>[0];

async function checkAsProcess(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'otakit-bench-'));
  try {
    const path = join(folder, 'app.bin');
    writeFileSync(path, await buildTestApp({ codeBytes: 4 * MB - 0x11000 }));
    const esptool = findPeer('esptool');
    const [ours, theirs]: [number[], number[]] = [[], []];
    // In turns, so that whatever else the machine does meets both.
    for (let round = 0; round < PROCESSES; round += 1) {
      ours.push(processMs(process.execPath, [MAIN, 'image', 'check', path]));
      if (esptool !== null) theirs.push(processMs(esptool, ['image-info', path]));
    }
    report({
      what: '`image check` of a 4 MB image, whole process',
      unit: 'ms',
      ours: median(ours),
      peer: { name: 'esptool image-info', value: esptool === null ? null : median(theirs) },
      better: 'lower',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function checkInLibrary(report: Report): Promise<void> {
  const image = await buildTestApp({ codeBytes: LARGE_CODE_BYTES });
  const source = memorySource(image);
  const [check, hash]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    check.push(await throughput(image, () => checkAppImage(source, { audience: 'esp-idf' })));
    hash.push(await throughput(image, () => sha256(image)));
  }
  report({
    what: 'check of a 16 MB image in the library',
    unit: 'MB/s',
    ours: median(check),
    peer: { name: 'SHA-256 alone', value: median(hash) },
    better: 'higher',
  });
}

async function throughput(image: Uint8Array, action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return image.length / MB / ((performance.now() - start) / 1000);
}

function processMs(command: string, args: readonly string[]): number {
  const start = performance.now();
  execFileSync(command, args, { stdio: 'ignore' });
  return performance.now() - start;
}
