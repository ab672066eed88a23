import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPeer } from '../support/peer.ts';
import { type Benchmark, median } from './benchmark.ts';

const MAIN = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url));
const ROUNDS = 9;
const PEER = 'nvs_partition_gen';

/** Settings as products have them: a few namespaces, a hundred values, two certificates. */
function csv(values: number): string {
  const rows = Array.from({ length: values }, (_, index) =>
    index % 25 === 0 ? `group${index},namespace,,` : `key${index},data,string,value ${index}`,
  );
  const certificate = 'c0ffee42'.repeat(400);
  return ['key,type,encoding,value', ...rows, `a,data,hex2bin,${certificate}`, ''].join('\n');
}

/** Whole processes, ours and the tool's by turns, so that both meet the same noise. */
export const benchmark: Benchmark = {
  title: 'building and encrypting NVS beside nvs_partition_gen',
  run: async (report) => {
    const python = findPeer('peer-python');
    const folder = mkdtempSync(join(tmpdir(), 'otakit-bench-'));
    const path = (name: string) => join(folder, name);
    try {
      writeFileSync(path('keys.bin'), keysPartition());
      for (const { what, values, size, encrypt } of CASES) {
        writeFileSync(path('nvs.csv'), csv(values));
        const output = [
          '-o',
          path('ours.bin'),
          '--force',
          ...(encrypt ? ['--keys', path('keys.bin')] : []),
        ];
        const our = [MAIN, 'nvs', 'build', path('nvs.csv'), '--size', size, ...output];
        const verb = encrypt ? 'encrypt' : 'generate';
        const keys = encrypt ? ['--inputkey', path('keys.bin')] : [];
        const args = [verb, path('nvs.csv'), path('theirs.bin'), size, '--outdir', folder, ...keys];
        const their = ['-m', 'esp_idf_nvs_partition_gen', ...args];
        const ours: number[] = [];
        const peer: number[] = [];
        for (let round = 0; round < ROUNDS; round += 1) {
          ours.push(elapsedMs(process.execPath, our));
          if (python !== null) peer.push(elapsedMs(python, their));
        }
        const value = python === null ? null : median(peer);
        report({
          what,
          unit: 'ms',
          ours: median(ours),
          peer: { name: PEER, value },
          better: 'lower',
        });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

const CASES = [
  { what: '`nvs build`, 100 values', values: 100, size: '0x6000', encrypt: false },
  { what: '`nvs build --keys`, 100 values', values: 100, size: '0x6000', encrypt: true },
  { what: '`nvs build`, 5,000 values', values: 5000, size: '0x80000', encrypt: false },
  { what: '`nvs build --keys`, 5,000 values', values: 5000, size: '0x80000', encrypt: true },
] as const;

/** 64 bare bytes: both sides take them. */
function keysPartition(): Uint8Array {
  return Uint8Array.from({ length: 64 }, (_, index) => index * 3);
}

function elapsedMs(command: string, args: readonly string[]): number {
  const start = performance.now();
  execFileSync(command, args, { stdio: 'ignore' });
  return performance.now() - start;
}
