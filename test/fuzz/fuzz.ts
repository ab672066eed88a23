import { readdirSync } from 'node:fs';
import { mutate, randomFrom } from './mutate.ts';
import type { FuzzTarget } from './target.ts';

/** What must not take longer, however odd the input; of the processor, which others use as well. */
export const HANG_MS = 100;

/** An input that a target did not bear; `seed` and `iteration` make it again. */
export interface FuzzFinding {
  readonly target: string;
  readonly seed: number;
  readonly iteration: number;
  readonly problem: string;
  readonly input: Uint8Array;
}

const NOT_TARGETS = new Set(['target.ts', 'mutate.ts', 'fuzz.ts', 'run.ts', 'worker.ts']);

/** The targets of every file in this folder that has some. */
export async function loadTargets(): Promise<readonly FuzzTarget[]> {
  const files = readdirSync(import.meta.dirname).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !NOT_TARGETS.has(file),
  );
  const modules = await Promise.all(
    files.map(
      async (file) =>
        (await import(new URL(file, import.meta.url).href)) as { targets: readonly FuzzTarget[] },
    ),
  );
  return modules.flatMap(({ targets }) => targets);
}

/** The input of one iteration; the same for the same seed. */
export function inputFor(
  seeds: readonly Uint8Array[],
  words: readonly string[],
  seed: number,
  iteration: number,
): Uint8Array<ArrayBuffer> {
  return mutate(seeds, words, randomFrom(Math.imul(seed + 1, 0x9e3779b1) ^ iteration));
}

/** Runs one input; answers with what is wrong, or `null`. */
export async function tryInput(target: FuzzTarget, input: Uint8Array): Promise<string | null> {
  let fastestMs = Infinity;
  // What is compiled or collected meanwhile makes anything slow once; a hang is slow every time.
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const start = process.threadCpuUsage();
    try {
      await target.run(input.slice());
    } catch (thrown) {
      return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    }
    const { user, system } = process.threadCpuUsage(start);
    fastestMs = Math.min(fastestMs, (user + system) / 1000);
    if (fastestMs <= HANG_MS) return null;
  }
  return `took ${Math.round(fastestMs)} ms`;
}
