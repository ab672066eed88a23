import { describe, expect, it } from 'vitest';
import { inputFor, loadTargets, tryInput } from './fuzz.ts';
import { mayThrow } from './target.ts';

const targets = await loadTargets();
const ROUNDS = 300;

describe('everything that reads bytes', () => {
  it.each(targets)('$name bears damaged input', async (target) => {
    const seeds = await target.seeds();
    expect(seeds.length).toBeGreaterThan(0);
    for (let iteration = 0; iteration < ROUNDS; iteration += 1) {
      const input = inputFor(seeds, target.words ?? [], 1, iteration);
      expect({ iteration, problem: await tryInput(target, input) }).toEqual({
        iteration,
        problem: null,
      });
    }
  });
});

describe('the fuzzer', () => {
  const seeds = [Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)];

  it('makes the same inputs again from the same seed, and many different ones', () => {
    const inputs = Array.from({ length: 200 }, (_, iteration) => inputFor(seeds, [], 7, iteration));
    expect(inputFor(seeds, [], 7, 42)).toEqual(inputs[42]);
    expect(new Set(inputs.map((input) => input.join())).size).toBeGreaterThan(150);
  });

  it('notices what throws and what takes too long', async () => {
    const crash = { name: 'crash', seeds: () => seeds, run: () => JSON.parse('{') as unknown };
    expect(await tryInput(crash, new Uint8Array())).toContain('SyntaxError');
    const slow = {
      name: 'slow',
      seeds: () => seeds,
      run: () => {
        const start = process.threadCpuUsage();
        while (process.threadCpuUsage(start).user < 120_000);
      },
    };
    expect(await tryInput(slow, new Uint8Array())).toMatch(/^took \d+ ms$/);
    const fussy = () => mayThrow([RangeError], () => new Uint8Array(-1));
    expect(await tryInput({ ...crash, run: fussy }, new Uint8Array())).toBeNull();
  });
});
