import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { rateOf, startNginx, wrk } from '../support/download-load.ts';
import {
  DEVICE_SECRET,
  fillFolder,
  type FleetProcess,
  imageOf,
  startFleetProcess,
} from '../support/fleet-process.ts';
import { findPeer } from '../support/peer.ts';
import { stopProcess } from '../support/process-usage.ts';
import { REPOSITORY } from '../support/source-files.ts';
import { type Benchmark, median } from './benchmark.ts';

const MIB = 1024 * 1024;
const UPLOAD_MIB = 4;
const UPLOADS = 15;
/** As many as the server takes from CI jobs at once. */
const UPLOADS_AT_ONCE = 4;
const DEVICES = 64;
const SECONDS = 3;
const ROUNDS = 3;

/** Images into the fleet server and out of it, on loopback. */
export const benchmark: Benchmark = {
  title: 'fleet: uploads and downloads',
  run: async (report) => {
    const folder = await mkdtemp(join(tmpdir(), 'otakit-bench-'));
    try {
      const data = join(folder, 'data');
      await fillFolder(data, [
        { cohortId: 'fetch', count: DEVICES, idOf: (index) => `dev-${index}`, version: null },
      ]);
      await using server = await startFleetProcess(data);
      await server.prepareBoard();
      await measureUploads(server, folder, report);
      await server.deploy(['fetch']);
      await measureDownloads(server, folder, report);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

type Report = Parameters<Benchmark['run']>[0];

/** Each image is another one, as builds are; ours is checked against the partition table as well. */
async function measureUploads(server: FleetProcess, folder: string, report: Report) {
  const child = spawn(
    process.execPath,
    [join(REPOSITORY, 'test/support/upload-floor.program.ts'), folder],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  const toPeer = async (image: Uint8Array<ArrayBuffer>) => {
    const url = `http://127.0.0.1:${port}/`;
    await (await fetch(url, { method: 'POST', body: image })).text();
  };
  const images = await Promise.all(
    Array.from({ length: UPLOADS + UPLOADS_AT_ONCE }, (_, index) =>
      imageOf(`0.0.${index}`, UPLOAD_MIB * MIB),
    ),
  );
  const ours: number[] = [];
  const theirs: number[] = [];
  for (const [index, image] of images.slice(0, UPLOADS).entries()) {
    ours.push(await secondsOf(() => server.upload(image, `0.0.${index}`)));
    theirs.push(await secondsOf(() => toPeer(image)));
  }
  const name = 'node:http, SHA-256, a file on the disk';
  report({
    what: `fleet: uploads of ${UPLOAD_MIB} MiB, one after the other`,
    unit: 'MiB/s',
    ours: UPLOAD_MIB / median(ours),
    peer: { name, value: UPLOAD_MIB / median(theirs) },
    better: 'higher',
  });
  const last = images.slice(UPLOADS);
  const together = await secondsOf(() =>
    Promise.all(last.map((image, index) => server.upload(image, `0.0.${UPLOADS + index}`))),
  );
  const peersTogether = await secondsOf(() => Promise.all(last.map(toPeer)));
  report({
    what: `fleet: uploads of ${UPLOAD_MIB} MiB, ${UPLOADS_AT_ONCE} at once`,
    unit: 'MiB/s',
    ours: (UPLOAD_MIB * UPLOADS_AT_ONCE) / together,
    peer: { name, value: (UPLOAD_MIB * UPLOADS_AT_ONCE) / peersTogether },
    better: 'higher',
  });
  await stopProcess(child);
}

/** Every device by the URL that it was given, all of them at once. */
async function measureDownloads(server: FleetProcess, folder: string, report: Report) {
  const generator = wrk(DEVICES, SECONDS);
  const load = findPeer(generator.name);
  if (load === null) {
    console.error(`${generator.name} is not installed: no throughput of downloads`);
    return;
  }
  const paths: string[] = [];
  for (let index = 0; index < DEVICES; index += 1) {
    await server.send('PATCH', `/devices/dev-${index}`, { blueprintId: 'board' });
    const headers = { authorization: `Bearer ${DEVICE_SECRET}` };
    const answer = await fetch(`${server.url}/api/v1/devices/dev-${index}/ota`, { headers });
    const { artifact_url } = (await answer.json()) as { artifact_url?: string };
    if (artifact_url === undefined) throw new Error('a device is offered nothing');
    paths.push(new URL(artifact_url).pathname);
  }
  const script = join(folder, 'by-turns.lua');
  await writeFile(
    script,
    `local paths = {${paths.map((path) => JSON.stringify(path)).join(',')}}
     local turn = 0
     function request() turn = turn % #paths + 1; return wrk.format("GET", paths[turn]) end`,
  );
  await writeFile(join(folder, 'app.bin'), await imageOf('1.0.0', MIB));
  const peerPath = findPeer('nginx');
  const peer = peerPath === null ? null : await startNginx(peerPath, folder);
  const rates: Record<'ours' | 'peer', number[]> = { ours: [], peer: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.ours.push(await rateOf(load, generator, server.url, ['-s', script]));
    if (peer !== null) rates.peer.push(await rateOf(load, generator, `${peer.url}/app.bin`));
  }
  report({
    what: `fleet: downloads of 1 MiB by ${DEVICES} devices at once, each by its signed URL`,
    unit: 'MiB/s',
    ours: median(rates.ours),
    peer: { name: 'nginx', value: peer === null ? null : median(rates.peer) },
    better: 'higher',
  });
  if (peer !== null) await stopProcess(peer.child);
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
