import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { findPeer } from '../support/peer.ts';
import { startServeProcess } from '../support/serve-process.ts';
import { type Benchmark, median } from './benchmark.ts';

const ROUNDS = 11;

/** From the start of the process to its URL, with a 1 MiB image read, checked and hashed on the way. */
export const benchmark: Benchmark = {
  title: 'serve: start-up to the URL',
  run: async (report) => {
    const python = findPeer('python3');
    const ours: number[] = [];
    const peer: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await using server = await startServeProcess(1024 * 1024);
      ours.push(server.startedInMs);
      if (python !== null) peer.push(await pythonStartMs(python));
    }
    report({
      what: 'serve: start-up to the URL, 1 MiB image',
      unit: 'ms',
      ours: median(ours),
      peer: { name: 'python3 -m http.server', value: python === null ? null : median(peer) },
      better: 'lower',
    });
  },
};

/** What is used for this today, although it neither checks the image nor speaks HTTP/2. */
async function pythonStartMs(python: string): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(python, ['-u', '-m', 'http.server', '--bind', '127.0.0.1', '0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: tmpdir(),
  });
  await once(child.stdout, 'data');
  const startedInMs = performance.now() - startedAt;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  return startedInMs;
}
