import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DEVICE_SECRET, fillFolder, startFleetProcess } from '../support/fleet-process.ts';
import { cpuSeconds, residentBytes, stopProcess } from '../support/process-usage.ts';
import { REPOSITORY } from '../support/source-files.ts';
import type { Benchmark } from './benchmark.ts';

const SIZES = [10_000, 100_000] as const;
const CONNECTIONS = 64;
const SECONDS = 6;
/** Long enough for the server to store when that many devices were last seen. */
const STEADY_SECONDS = 35;
/** Half of what the server is meant to be able to do. */
const STEADY_RATE = 1750;
const DIGITS = 6;
const TARGET = '/api/v1/devices/dev-{device}/ota';
const MB = 1024 * 1024;

/** Polls of devices that are up to date, against a real server with that many devices in its folder. */
export const benchmark: Benchmark = {
  title: `fleet: polls over HTTP/1.1, ${CONNECTIONS} connections`,
  run: async (report) => {
    const name = 'node:http, constant answer';
    const floor = await measureFloor();
    const residents: number[] = [];
    for (const devices of SIZES) {
      const of = `fleet: polls with ${devices.toLocaleString('en-US')} devices`;
      const { most, steady, resident } = await measureServer(devices);
      residents.push(resident);
      report({
        what: of,
        unit: 'polls/s',
        ours: most.perSecond,
        peer: { name, value: floor.most.perSecond },
        better: 'higher',
      });
      // On a machine that does other things beside, this is the number that can be compared.
      report({
        what: `${of}, in a second of processor time`,
        unit: 'polls',
        ours: most.perCpuSecond,
        peer: { name, value: floor.most.perCpuSecond },
        better: 'higher',
      });
      for (const share of ['p50Ms', 'p99Ms'] as const) {
        report({
          what: `${of}, ${STEADY_RATE} of them a second, ${share.slice(0, 3)}`,
          unit: 'ms',
          ours: steady[share],
          peer: { name, value: floor.steady[share] },
          better: 'lower',
        });
      }
    }
    const [few = 0, many = 0] = residents;
    report({
      what: `fleet: memory of the server with ${SIZES[1].toLocaleString('en-US')} devices`,
      unit: 'MB',
      ours: many / MB,
      peer: { name: `with ${SIZES[0].toLocaleString('en-US')}`, value: few / MB },
      better: 'lower',
    });
    report({
      what: 'fleet: memory for each further device',
      unit: 'B',
      ours: (many - few) / (SIZES[1] - SIZES[0]),
      peer: { name: 'none', value: null },
      better: 'lower',
    });
  },
};

/** As many polls as go, and then a steady number of them. */
interface Measured {
  readonly most: LoadResult & { readonly perCpuSecond: number };
  readonly steady: LoadResult;
}

async function measureServer(devices: number): Promise<Measured & { readonly resident: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'otakit-bench-'));
  try {
    const idOf = (index: number) => `dev-${String(index).padStart(DIGITS, '0')}`;
    await fillFolder(folder, [{ cohortId: 'bench', count: devices, idOf, version: '1.0.0' }]);
    await using server = await startFleetProcess(folder);
    await server.prepareBoard();
    // Something to run, so that each poll has something to compare.
    await server.deploy(['bench']);
    const measured = await measure(server.pid, server.port, devices);
    return { ...measured, resident: await residentBytes(server) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureFloor(): Promise<Measured> {
  const { child, port } = await constantServer();
  try {
    return await measure(child.pid ?? 0, port, SIZES[0]);
  } finally {
    await stopProcess(child);
  }
}

async function measure(pid: number, port: number, devices: number): Promise<Measured> {
  const before = await cpuSeconds({ pid });
  const most = await load(port, devices, [`--seconds=${SECONDS}`]);
  const perCpuSecond = (most.statuses['200'] ?? 0) / ((await cpuSeconds({ pid })) - before);
  const steady = await load(port, devices, [
    `--seconds=${STEADY_SECONDS}`,
    `--rate=${STEADY_RATE}`,
  ]);
  return { most: { ...most, perCpuSecond }, steady };
}

interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly statuses: Readonly<Record<string, number>>;
}

/** Runs the load generator in a process of its own. */
async function load(
  port: number,
  devices: number,
  options: readonly string[],
): Promise<LoadResult> {
  const child = spawn(
    process.execPath,
    [
      join(REPOSITORY, 'test/support/poll-load.program.ts'),
      `--port=${port}`,
      `--target=${TARGET}`,
      `--header=Authorization: Bearer ${DEVICE_SECRET}`,
      `--devices=${devices}`,
      `--connections=${CONNECTIONS}`,
      ...options,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const result = JSON.parse(line) as LoadResult;
  const others = Object.keys(result.statuses).filter((status) => status !== '200');
  if (others.length > 0) throw new Error(`no good run: ${JSON.stringify(result.statuses)}`);
  return result;
}

async function constantServer(): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const program = join(REPOSITORY, 'test/support/constant-server.program.ts');
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, port: Number(line) };
}
