import { watch } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:http2';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildTestApp } from '../support/build-image.ts';
import { startOtakit } from '../support/running-cli.ts';
import { REPOSITORY } from '../support/source-files.ts';
import { type Benchmark, median } from './benchmark.ts';

const BUILDS = 10;
const CODE_BYTES = 1_500_000;

/** Downloads as a device does: HTTP/2 with prior knowledge, one GET. */
async function download(url: string): Promise<number> {
  const { origin, pathname, search } = new URL(url);
  const session = connect(origin);
  try {
    const stream = session.request({ ':path': pathname + search });
    let bytes = 0;
    for await (const chunk of stream) bytes += (chunk as Buffer).length;
    return bytes;
  } finally {
    session.destroy();
  }
}

/** The same bytes from a bare HTTP/2 server: what the link itself takes. */
async function bareDownloadMs(image: Uint8Array): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': image.length });
    response.end(image);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const times: number[] = [];
  for (let index = 0; index < BUILDS; index += 1) {
    const start = performance.now();
    await download(`http://127.0.0.1:${(server.address() as AddressInfo).port}/app.bin`);
    times.push(performance.now() - start);
  }
  server.close();
  return median(times);
}

/** Resolves with the URL of the config once it has another tag than `known`. */
async function nextUrl(config: string, known: string): Promise<{ url: string; version: string }> {
  const changed = new AbortController();
  const events = watch(config.replace(/[^/]+$/, ''), { signal: changed.signal });
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        events.once('change', () => resolve());
      });
      const parsed = JSON.parse(await readFile(config, 'utf8')) as Config;
      const attributes = parsed.services[0]?.attributes;
      if (attributes !== undefined && attributes.version !== known) return attributes;
      await woken;
    }
  } finally {
    changed.abort();
  }
}

interface Config {
  readonly services: readonly { readonly attributes: { url: string; version: string } }[];
}

export const benchmark: Benchmark = {
  title: `otakit dev: ${BUILDS} builds of ${(CODE_BYTES / 1e6).toFixed(1)} MB, file to last byte`,
  run: async (report) => {
    const folder = await mkdtemp(join(tmpdir(), 'otakit-bench-'));
    const [image, config] = [join(folder, 'app.bin'), join(folder, 'machine.json')];
    const build = (number: number) =>
      buildTestApp({ descriptor: { version: `v${number}` }, codeBytes: CODE_BYTES });
    await writeFile(config, '{"services": []}');
    await writeFile(image, await build(0));
    const dev = startOtakit(
      ['dev', image, '--file', config, '--host', '127.0.0.1', '--port', '0', '--json'].concat([
        '--partitions',
        join(REPOSITORY, 'partitions/micro-rdk-8mb.csv'),
      ]),
      { env: { OTAKIT_DATA: join(folder, 'data') } },
    );
    try {
      let { url, version } = await nextUrl(config, '');
      await download(url);
      const times: number[] = [];
      for (let number = 1; number <= BUILDS; number += 1) {
        await writeFile(`${image}.new`, await build(number));
        const pushed = nextUrl(config, version);
        await rename(`${image}.new`, image);
        const start = performance.now();
        ({ url, version } = await pushed);
        await download(url);
        times.push(performance.now() - start);
      }
      const bare = await bareDownloadMs(await build(0));
      const peer = { name: 'the same bytes from a bare node:http2 server', value: bare };
      const what = 'dev loop: finished build file to last byte on the device';
      report({ what, unit: 'ms', ours: median(times), peer, better: 'lower' });
      report({
        what: 'dev loop: what otakit adds to the download (goal: 300 ms)',
        unit: 'ms',
        ours: median(times) - bare,
        peer: { name: 'goal', value: 300 },
        better: 'lower',
      });
    } finally {
      await dev[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    }
  },
};
