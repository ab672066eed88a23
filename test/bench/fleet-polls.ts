import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Device, openFleetFolder } from '../../src/fleet/index.ts';
import { systemClock } from '../../src/shared/index.ts';
import { buildTestApp } from '../support/build-image.ts';
import { REPOSITORY } from '../support/source-files.ts';
import type { Benchmark } from './benchmark.ts';

const SIZES = [10_000, 100_000];
const CONNECTIONS = 64;
const SECONDS = 5;
const SECRET = 'otd_bench';
const DIGITS = 6;
const AT_ONCE = 5000;
const MIB = 1024 * 1024;

/** Polls of devices that are up to date, against a real server with that many devices in its folder. */
export const benchmark: Benchmark = {
  title: `fleet: polls over HTTP/1.1, ${CONNECTIONS} connections`,
  run: async (report) => {
    const peer = await constantServer();
    const floor = await load(peer.port, '/api/v1/devices/dev-{device}/ota', SIZES[0] ?? 1);
    // On a machine that does other things beside, this is the number that can be compared.
    const floorPerCpu = (floor.statuses['200'] ?? 0) / (await cpuSeconds(peer.child.pid ?? 0));
    await stop(peer.child);
    const name = 'node:http, constant answer';
    let emptyBytes = 0;
    for (const devices of [0, ...SIZES]) {
      const folder = await mkdtemp(join(tmpdir(), 'otakit-bench-'));
      try {
        await fillFolder(folder, devices);
        await using server = await startServer(folder);
        if (devices === 0) {
          await sleep(2000);
          emptyBytes = await residentBytes(server.pid);
          continue;
        }
        await server.prepare();
        const cpuBefore = await cpuSeconds(server.pid);
        const polls = await load(server.port, '/api/v1/devices/dev-{device}/ota', devices);
        const cpu = (await cpuSeconds(server.pid)) - cpuBefore;
        expectOnly(polls.statuses, '200');
        const what = `fleet: polls with ${devices.toLocaleString('en-US')} devices`;
        const unit = 'polls/s';
        const value = floor.perSecond;
        report({ what, unit, ours: polls.perSecond, peer: { name, value }, better: 'higher' });
        report({
          what: `${what}, in a second of processor time`,
          unit: 'polls',
          ours: (polls.statuses['200'] ?? 0) / cpu,
          peer: { name, value: floorPerCpu },
          better: 'higher',
        });
        report({
          what: `${what}, p50`,
          unit: 'ms',
          ours: polls.p50Ms,
          peer: { name, value: floor.p50Ms },
          better: 'lower',
        });
        report({
          what: `${what}, p99`,
          unit: 'ms',
          ours: polls.p99Ms,
          peer: { name, value: floor.p99Ms },
          better: 'lower',
        });
        const perDevice = ((await residentBytes(server.pid)) - emptyBytes) / devices;
        report({
          what: `fleet: memory of the server for each of ${devices.toLocaleString('en-US')} devices`,
          unit: 'B',
          ours: perDevice,
          peer: { name: 'none', value: null },
          better: 'lower',
        });
        if (devices === SIZES[0]) {
          const path = await server.downloadPath();
          const down = await load(server.port, path, 1);
          expectOnly(down.statuses, '200');
          report({
            what: 'fleet: downloads of 1 MiB by signed URL',
            unit: 'MiB/s',
            ours: down.bytesPerSecond / MIB,
            peer: { name: 'none', value: null },
            better: 'higher',
          });
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
  },
};

/** Writes the devices right into the store: registering each by the API would take longer than the rest. */
async function fillFolder(path: string, count: number): Promise<void> {
  await using folder = await openFleetFolder(path, { clock: systemClock });
  const nowMs = Date.now();
  await folder.store.transaction(async ({ cohorts }) => {
    for (const cohortId of ['bench', 'fetch']) {
      await cohorts.insert({
        cohortId,
        description: '',
        activeDeploymentId: null,
        createdAtMs: nowMs,
        revision: 1,
      });
    }
  });
  const secretHash = createHash('sha256').update(SECRET).digest('hex');
  const device = (deviceId: string, cohortId: string, version: string | null): Device => ({
    deviceId,
    name: '',
    blueprintId: null,
    cohortId,
    tags: [],
    enabled: true,
    pinnedDeploymentId: null,
    credential: { secretHash, previousSecretHash: null, createdAtMs: nowMs },
    reported:
      version === null
        ? {}
        : { main: { version, imageHash: null, reportedAtMs: nowMs, bootedAtMs: nowMs } },
    secureVersion: null,
    failures: {},
    lastSeenAtMs: null,
    lastBootedAtMs: nowMs,
    createdAtMs: nowMs,
    revision: 1,
  });
  for (let first = 0; first < count; first += AT_ONCE) {
    await folder.store.transaction(async ({ devices }) => {
      for (let index = first; index < Math.min(first + AT_ONCE, count); index += 1) {
        const deviceId = `dev-${String(index).padStart(DIGITS, '0')}`;
        await devices.insert(device(deviceId, 'bench', '1.0.0'));
      }
    });
  }
  await folder.store.transaction(({ devices }) => devices.insert(device('new', 'fetch', null)));
}

interface RunningServer extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** Gives the cohorts something to run, so that each poll has something to compare. */
  prepare(): Promise<void>;
  downloadPath(): Promise<string>;
}

/** The built command on the folder, in a process of its own. */
async function startServer(folder: string): Promise<RunningServer> {
  const main = join(REPOSITORY, 'dist/bin/main.js');
  const args = [main, 'server', `--data=${folder}`, '--bind=127.0.0.1', '--port=0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const { url, token } = await serverFile(folder, child);
  const ask = async <Answer>(
    method: string,
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    type: string,
  ) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type };
    const answer = await fetch(`${url}/api/v1${path}`, { method, headers, body });
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return (await answer.json()) as Answer;
  };
  const send = <Answer>(method: string, path: string, body: object) =>
    ask<Answer>(method, path, JSON.stringify(body), 'application/json');
  return {
    pid: child.pid ?? 0,
    port: Number(new URL(url).port),
    prepare: async () => {
      const table = await readFile(join(REPOSITORY, 'partitions/ota-16mb.csv'), 'utf8');
      await send('POST', '/packages', { packageId: 'main' });
      await send('POST', '/blueprints', {
        blueprintId: 'board',
        chip: 'esp32',
        flashSizeBytes: 16 * MIB,
        partitionTable: table,
      });
      const descriptor = { version: '1.0.0' };
      const image = await buildTestApp({ descriptor, codeBytes: MIB - 0x20000 });
      const query = 'packageId=main&version=1.0.0&blueprintId=board';
      const path = `/artifacts?${query}`;
      const type = 'application/octet-stream';
      const { artifactId } = await ask<{ artifactId: string }>('POST', path, image, type);
      const deployment = await send<{ deploymentId: string }>('POST', '/deployments', {
        name: 'bench',
        components: [artifactId],
      });
      for (const cohort of ['bench', 'fetch']) {
        await send('PATCH', `/cohorts/${cohort}`, { activeDeploymentId: deployment.deploymentId });
      }
      await send('PATCH', '/devices/new', { blueprintId: 'board' });
    },
    downloadPath: async () => {
      const headers = { authorization: `Bearer ${SECRET}` };
      const answer = await fetch(`${url}/api/v1/devices/new/ota`, { headers });
      const { artifact_url } = (await answer.json()) as { artifact_url?: string };
      if (artifact_url === undefined) throw new Error('the device is offered nothing');
      return new URL(artifact_url).pathname;
    },
    [Symbol.asyncDispose]: () => stop(child),
  };
}

/** What the server writes into its folder once it listens. */
async function serverFile(
  folder: string,
  child: ChildProcess,
): Promise<{ readonly url: string; readonly token: string }> {
  for (let attempt = 0; attempt < 300 && child.exitCode === null; attempt += 1) {
    try {
      return JSON.parse(await readFile(join(folder, 'server.json'), 'utf8')) as {
        url: string;
        token: string;
      };
    } catch {
      await sleep(100);
    }
  }
  throw new Error('otakit server does not listen');
}

interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly bytesPerSecond: number;
  readonly statuses: Readonly<Record<string, number>>;
}

/** Runs the load generator in a process of its own. */
async function load(port: number, target: string, devices: number): Promise<LoadResult> {
  const child = spawn(
    process.execPath,
    [
      join(REPOSITORY, 'test/support/poll-load.program.ts'),
      `--port=${port}`,
      `--target=${target}`,
      `--header=Authorization: Bearer ${SECRET}`,
      `--devices=${devices}`,
      `--connections=${target.startsWith('/d/') ? 2 : CONNECTIONS}`,
      `--seconds=${SECONDS}`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return JSON.parse(line) as LoadResult;
}

async function constantServer(): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const program = join(REPOSITORY, 'test/support/constant-server.program.ts');
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, port: Number(line) };
}

function expectOnly(statuses: LoadResult['statuses'], wanted: string): void {
  const others = Object.keys(statuses).filter((status) => status !== wanted);
  if (others.length > 0) throw new Error(`no good run: ${JSON.stringify(statuses)}`);
}

/** User and system time of a process; Linux counts it in hundredths of a second. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
