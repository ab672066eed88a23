import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Benchmark, median } from './benchmark.ts';

const MAIN = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url));
const ROUNDS = 31;

/** Whole processes, ours and bare Node by turns, so that both meet the same noise. */
export const benchmark: Benchmark = {
  title: 'start-up of the built command against bare Node',
  run: async (report) => {
    const bare = ['-e', '0'];
    for (const args of [['--version'], ['--help'], ['image', '--help']]) {
      const ours: number[] = [];
      const peer: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        peer.push(startMs(bare));
        ours.push(startMs([MAIN, ...args]));
      }
      report({
        what: `\`otakit ${args.join(' ')}\``,
        unit: 'ms',
        ours: median(ours),
        peer: { name: 'node -e 0', value: median(peer) },
        better: 'lower',
      });
    }
  },
};

function startMs(args: readonly string[]): number {
  const start = performance.now();
  execFileSync(process.execPath, args, { stdio: 'ignore' });
  return performance.now() - start;
}
