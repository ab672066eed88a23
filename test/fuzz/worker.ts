/** Fuzzes one target on a thread of its own, so that a hang can be seen from outside. */
import { parentPort, workerData } from 'node:worker_threads';
import { type FuzzFinding, inputFor, loadTargets, tryInput } from './fuzz.ts';

/** What the thread is started with. */
export interface FuzzJob {
  readonly target: string;
  readonly seed: number;
  readonly durationMs: number;
  /** One number: the iteration that runs right now. */
  readonly progress: SharedArrayBuffer;
}

/** What the thread says when it is done. */
export interface FuzzResult {
  readonly iterations: number;
  readonly peakBytes: number;
  readonly findings: readonly FuzzFinding[];
}

const MOST_FINDINGS = 5;

const { target: name, seed, durationMs, progress } = workerData as FuzzJob;
const target = (await loadTargets()).find((target) => target.name === name);
if (target === undefined) throw new Error(`there is no target ${name}`);

const counter = new Int32Array(progress);
const seeds = await target.seeds();
const findings: FuzzFinding[] = [];
const end = performance.now() + durationMs;
let peakBytes = 0;
let iteration = 0;
while (performance.now() < end && findings.length < MOST_FINDINGS) {
  Atomics.store(counter, 0, iteration);
  const input = inputFor(seeds, target.words ?? [], seed, iteration);
  const problem = await tryInput(target, input);
  if (problem !== null) findings.push({ target: name, seed, iteration, problem, input });
  if (iteration % 1024 === 0) peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
  iteration += 1;
}
const result: FuzzResult = { iterations: iteration, peakBytes, findings };
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(result);
