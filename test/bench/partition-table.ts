import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  parsePartitionTable,
  serializePartitionBinary,
  validatePartitionTable,
} from '../../src/partition-table/index.ts';
import { findPeer } from '../support/peer.ts';
import { type Benchmark, median } from './benchmark.ts';

const MAIN = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url));
const ENTRIES = 94;
const ROUNDS = 400;
const PROCESSES = 15;

/** What a table should take at most; stands in for a peer, since no other parser runs in JavaScript. */
const GOAL_MS = 1;

export const benchmark: Benchmark = {
  title: 'partition tables: parse in the library, build as a process against gen_esp32part.py',
  run: async (report) => {
    const text = Array.from(
      { length: ENTRIES },
      (_, index) => `n${index}, data, fat, , 4K,\n`,
    ).join('');
    const csv = new TextEncoder().encode(text);
    const binary = serializePartitionBinary(parsePartitionTable(csv));
    const cases = [
      [`parse ${ENTRIES} entries of CSV`, () => parsePartitionTable(csv)],
      [`parse ${ENTRIES} entries of binary, with MD5`, () => parsePartitionTable(binary)],
      [
        `parse and check ${ENTRIES} entries`,
        () => validatePartitionTable(parsePartitionTable(csv)),
      ],
    ] as const;
    for (const [what, action] of cases) {
      const times = Array.from({ length: ROUNDS }, () => durationMs(action));
      report({
        what,
        unit: 'ms',
        ours: median(times.slice(ROUNDS / 4)),
        peer: { name: 'goal', value: GOAL_MS },
        better: 'lower',
      });
    }
    buildAsProcess(csv, report);
  },
};

function buildAsProcess(csv: Uint8Array, report: Parameters<Benchmark['run']>[0]): void {
  const folder = mkdtempSync(join(tmpdir(), 'otakit-bench-'));
  try {
    const input = join(folder, 'table.csv');
    const output = join(folder, 'table.bin');
    writeFileSync(input, csv);
    const python = findPeer('python3');
    const tool = findPeer('gen_esp32part.py');
    const peer: number[] = [];
    const ours: number[] = [];
    for (let round = 0; round < PROCESSES; round += 1) {
      if (python !== null && tool !== null)
        peer.push(processMs(python, [tool, '-q', input, output]));
      ours.push(
        processMs(process.execPath, [MAIN, 'partitions', 'build', input, '-o', output, '-f', '-q']),
      );
    }
    report({
      what: '`otakit partitions build` as a process',
      unit: 'ms',
      ours: median(ours),
      peer: { name: 'gen_esp32part.py', value: peer.length === 0 ? null : median(peer) },
      better: 'lower',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function processMs(command: string, args: readonly string[]): number {
  return durationMs(() => execFileSync(command, args, { stdio: 'ignore' }));
}

function durationMs(action: () => unknown): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}
