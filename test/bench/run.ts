/**
 * `npm run bench [name…]`: runs the benchmarks of this folder (all of them by default) and prints
 * ours, the peer's, and the ratio, as rows of a Markdown table.
 */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { availableParallelism } from 'node:os';
import type { Benchmark, Measurement } from './benchmark.ts';

const NOT_BENCHMARKS = new Set(['run', 'benchmark', 'machine-code']);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => basename(file, '.ts'))
  .filter((name) => !NOT_BENCHMARKS.has(name));

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exitCode = 2;
} else {
  console.log(`Node ${process.versions.node}, ${availableParallelism()} cores\n`);
  console.log('| benchmark | otakit | peer | ratio |');
  console.log('| --- | ---: | ---: | ---: |');
  for (const name of wanted.length > 0 ? wanted : names) {
    const { benchmark } = (await import(`./${name}.ts`)) as { benchmark: Benchmark };
    console.error(`… ${benchmark.title}`);
    await benchmark.run((measurement) => console.log(row(measurement)));
  }
}

function row({ what, unit, ours, peer, better }: Measurement): string {
  const theirs =
    peer.value === null ? `${peer.name} not installed` : `${show(peer.value, unit)} (${peer.name})`;
  const ratio =
    peer.value === null ? '–' : `${(ours / peer.value).toFixed(2)}× (${better} is better)`;
  return `| ${what} | ${show(ours, unit)} | ${theirs} | ${ratio} |`;
}

function show(value: number, unit: string): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`;
}
