import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildTestApp } from './build-image.ts';
import { REPOSITORY } from './source-files.ts';

/** What {@link buildTestApp} puts around the code. */
const OVERHEAD_BYTES = 0x20000;

/** The built command, serving an image of about `sizeBytes` on loopback, in a process of its own. */
export interface ServeProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly folder: string;
  readonly imagePath: string;
  /** From the start of the process to the line with the URL. */
  readonly startedInMs: number;
}

/** Starts `otakit serve` as a user would, without announcing it. */
export async function startServeProcess(sizeBytes: number): Promise<ServeProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'otakit-bench-'));
  const imagePath = join(folder, 'app.bin');
  await writeFile(imagePath, await buildTestApp({ codeBytes: sizeBytes - OVERHEAD_BYTES }));
  const table = join(REPOSITORY, 'partitions/ota-16mb.csv');
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [
      join(REPOSITORY, 'dist/bin/main.js'),
      'serve',
      imagePath,
      `--partitions=${table}`,
      '--bind=127.0.0.1',
      '--port=0',
      `--data=${folder}`,
      '--json',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const url = await firstUrl(child);
  const startedInMs = performance.now() - startedAt;
  return {
    url,
    pid: child.pid ?? 0,
    folder,
    imagePath,
    startedInMs,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function firstUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no stdout');
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`otakit serve ended with ${code}`)));
    lines.on('line', (line) => {
      const event = JSON.parse(line) as { readonly event: string; readonly url?: string };
      if (event.event === 'listening' && event.url !== undefined) resolve(event.url);
    });
  });
}
