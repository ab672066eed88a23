import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createFleet,
  createMemoryBlobs,
  type Deployment,
  type Fleet,
  openStore,
} from '../../src/fleet/index.ts';
import { createFleetServer, type ServerLimits } from '../../src/server/index.ts';
import type { Clock } from '../../src/shared/index.ts';
import { buildTestApp } from './build-image.ts';
import { REPOSITORY } from './source-files.ts';

/** A whole fleet server on loopback, in memory, with a board, a cohort and a way to make versions. */
export interface RealFleet extends AsyncDisposable {
  readonly fleet: Fleet;
  readonly url: string;
  /** Of an admin. */
  readonly token: string;
  /** Registers a device in the cohort `production` and answers with its secret. */
  readonly device: (deviceId: string) => Promise<string>;
  /** Builds and uploads a version of `main` and makes a deployment of it. */
  readonly deployment: (version: string) => Promise<Deployment>;
}

export async function startRealFleet(
  clock: Clock,
  limits: Partial<ServerLimits> = {},
): Promise<RealFleet> {
  const server = await createFleetServer({
    homes: {
      open: async () => {
        const store = await openStore({ file: ':memory:', clock });
        const fleet = createFleet({ store, blobs: createMemoryBlobs(), clock });
        return {
          fleet,
          store,
          tokenKey: new Uint8Array(32).fill(7),
          maxArtifactBytes: 4_000_000,
          backup: null,
          [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
        };
      },

      receive: null,
    },
    port: 0,
    bind: '127.0.0.1',
    clock,
    version: '0.0.0',
    limits,
  });
  const { fleet } = server.home;
  await fleet.packages.create('system', { packageId: 'main' });
  await fleet.packages.create('system', { packageId: 'modem', kind: 'binary' });
  await fleet.blueprints.create('system', {
    blueprintId: 'board',
    chip: 'esp32',
    flashSizeBytes: 16 * 1024 * 1024,
    partitionTable: await readFile(join(REPOSITORY, 'partitions/ota-16mb.csv'), 'utf8'),
  });
  await fleet.cohorts.create('system', { cohortId: 'production' });
  return {
    fleet,
    url: server.url,
    token: server.localToken,
    device: async (deviceId) => {
      const fields = { deviceId, blueprintId: 'board', cohortId: 'production' };
      return (await fleet.devices.create('system', fields)).secret;
    },
    deployment: async (version) => {
      const bytes = await buildTestApp({
        descriptor: { version, appElfSha256: new TextEncoder().encode(version.padEnd(32, '-')) },
        codeBytes: 40_000,
      });
      const fields = { packageId: 'main', version, blueprintIds: ['board'] };
      const artifact = await fleet.artifacts.upload('system', fields, once(bytes));
      return fleet.deployments.create('system', { components: [artifact.artifactId] });
    },
    [Symbol.asyncDispose]: () => server.stop(0),
  };
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
