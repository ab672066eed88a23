/**
 * `npm run fuzz -- [target…] [--seconds N] [--seed N]`: feeds damaged inputs to everything that reads
 * bytes, for N seconds per target (10 by default), and reports what crashes or hangs. A finding is
 * made again with the seed that is printed; its input is kept in a file.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type FuzzFinding, HANG_MS, inputFor, loadTargets } from './fuzz.ts';
import type { FuzzTarget } from './target.ts';
import type { FuzzJob, FuzzResult } from './worker.ts';

/** A thread that does not get on for this long hangs; findings below that are timed in the thread. */
const STUCK_MS = 100 * HANG_MS;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const seed = Number(values.seed);
const durationMs = Number(values.seconds) * 1000;
const targets = (await loadTargets()).filter(
  ({ name }) => positionals.length === 0 || positionals.some((wanted) => name.startsWith(wanted)),
);
if (targets.length === 0 || !(durationMs > 0) || !Number.isInteger(seed)) {
  console.error('usage: npm run fuzz -- [target…] [--seconds N] [--seed N]');
  process.exit(2);
}

console.log(`seed ${seed}, ${values.seconds} s each`);
let total = 0;
let failed = 0;
for (const target of targets) {
  const { iterations, peakBytes, findings } = await fuzz(target);
  total += iterations;
  failed += findings.length;
  console.log(
    `${target.name}: ${iterations.toLocaleString('en-US')} inputs, ${findings.length} findings, peak ${Math.round(peakBytes / 1024 / 1024)} MB`,
  );
  for (const finding of findings) report(finding);
}
console.log(`${total.toLocaleString('en-US')} inputs, ${failed} findings`);
process.exitCode = failed > 0 ? 1 : 0;

async function fuzz(target: FuzzTarget): Promise<FuzzResult> {
  const progress = new SharedArrayBuffer(4);
  const counter = new Int32Array(progress);
  const workerData: FuzzJob = { target: target.name, seed, durationMs, progress };
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData });
  const { promise, resolve, reject } = Promise.withResolvers<FuzzResult>();
  worker.once('message', resolve);
  worker.once('error', reject);
  let last = -1;
  let since = performance.now();
  const watch = setInterval(() => {
    const iteration = Atomics.load(counter, 0);
    if (iteration !== last) {
      last = iteration;
      since = performance.now();
    } else if (performance.now() - since > STUCK_MS) {
      void stuck(target, iteration).then(resolve);
    }
  }, HANG_MS);
  try {
    return await promise;
  } finally {
    clearInterval(watch);
    await worker.terminate();
  }
}

async function stuck(target: FuzzTarget, iteration: number): Promise<FuzzResult> {
  const input = inputFor(await target.seeds(), target.words ?? [], seed, iteration);
  const problem = `does not end (stopped after ${STUCK_MS} ms)`;
  return {
    iterations: iteration,
    peakBytes: process.memoryUsage().rss,
    findings: [{ target: target.name, seed, iteration, problem, input }],
  };
}

function report({ target, iteration, problem, input }: FuzzFinding): void {
  const file = join(mkdtempSync(join(tmpdir(), 'otakit-fuzz-')), 'input');
  writeFileSync(file, input);
  console.log(`  iteration ${iteration}, ${input.length} bytes in ${file}: ${problem}`);
  console.log(`  again: npm run fuzz -- ${target} --seed ${seed}`);
}
