import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Device, openFleetFolder } from '../../src/fleet/index.ts';
import { systemClock } from '../../src/shared/index.ts';
import { buildTestApp } from './build-image.ts';
import { stopProcess } from './process-usage.ts';
import { REPOSITORY } from './source-files.ts';

const MIB = 1024 * 1024;
/** What {@link buildTestApp} puts around the code. */
const OVERHEAD_BYTES = 0x20000;
const AT_ONCE = 5000;

/** The secret of every device that {@link fillFolder} makes. */
export const DEVICE_SECRET = 'otd_bench';

/** Devices with names in order that run 1.0.0, all of one cohort. */
export interface ManyDevices {
  readonly cohortId: string;
  readonly count: number;
  readonly idOf: (index: number) => string;
  /** What they run; `null` for those that have not said it yet. */
  readonly version: string | null;
}

/** Writes devices right into the store: registering each by the API would take longer than the rest. */
export async function fillFolder(path: string, groups: readonly ManyDevices[]): Promise<void> {
  await using folder = await openFleetFolder(path, { clock: systemClock });
  const { store } = folder;
  for (const group of groups) {
    const { cohortId, count } = group;
    const cohort = { description: '', activeDeploymentId: null, createdAtMs: 0, revision: 1 };
    await store.transaction(({ cohorts }) => cohorts.insert({ ...cohort, cohortId }));
    for (let first = 0; first < count; first += AT_ONCE) {
      await store.transaction(async ({ devices }) => {
        for (let index = first; index < Math.min(first + AT_ONCE, count); index += 1) {
          await devices.insert(deviceOf(group, index));
        }
      });
    }
  }
}

const secretHash = createHash('sha256').update(DEVICE_SECRET).digest('hex');

function deviceOf({ cohortId, idOf, version }: ManyDevices, index: number): Device {
  const nowMs = Date.now();
  return {
    deviceId: idOf(index),
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
  };
}

/** The built `otakit server` on a folder, in a process of its own. */
export interface FleetProcess extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  /** Of an admin. */
  readonly token: string;
  /** Asks the management API with JSON, and throws for what it refuses. */
  send<Answer>(method: string, path: string, body: object): Promise<Answer>;
  /** Uploads bytes as a version of `main` for the blueprint `board`; gives the artifact's id. */
  upload(image: Uint8Array<ArrayBuffer>, version: string): Promise<string>;
  /** Package `main` and blueprint `board`: an ESP32 with 16 MB of flash. */
  prepareBoard(): Promise<void>;
  /** Has the cohorts run an image of about 1 MiB, version 1.0.0. */
  deploy(cohortIds: readonly string[]): Promise<void>;
}

/** Starts it, and waits until it listens. */
export async function startFleetProcess(folder: string): Promise<FleetProcess> {
  const main = join(REPOSITORY, 'dist/bin/main.js');
  const args = [main, 'server', `--data=${folder}`, '--bind=127.0.0.1', '--port=0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'ignore'] });
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
  const upload = async (image: Uint8Array<ArrayBuffer>, version: string) => {
    const path = `/artifacts?packageId=main&version=${version}&blueprintId=board`;
    const type = 'application/octet-stream';
    return (await ask<{ artifactId: string }>('POST', path, image, type)).artifactId;
  };
  return {
    pid: child.pid ?? 0,
    port: Number(new URL(url).port),
    url,
    token,
    send,
    upload,
    prepareBoard: async () => {
      const partitionTable = await readFile(join(REPOSITORY, 'partitions/ota-16mb.csv'), 'utf8');
      await send('POST', '/packages', { packageId: 'main' });
      const board = { chip: 'esp32', flashSizeBytes: 16 * MIB, partitionTable };
      await send('POST', '/blueprints', { blueprintId: 'board', ...board });
    },
    deploy: async (cohortIds) => {
      const image = await imageOf('1.0.0', MIB);
      const components = [await upload(image, '1.0.0')];
      const deployment = { name: 'bench', components };
      const { deploymentId } = await send<{ deploymentId: string }>(
        'POST',
        '/deployments',
        deployment,
      );
      for (const cohortId of cohortIds) {
        await send('PATCH', `/cohorts/${cohortId}`, { activeDeploymentId: deploymentId });
      }
    },
    [Symbol.asyncDispose]: () => stopProcess(child),
  };
}

/** An app image of about this size. */
export async function imageOf(
  version: string,
  sizeBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const codeBytes = sizeBytes - OVERHEAD_BYTES;
  return new Uint8Array(await buildTestApp({ descriptor: { version }, codeBytes }));
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
