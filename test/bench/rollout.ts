import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createFleet,
  type Device,
  type Fleet,
  type FleetStore,
  openFleetFolder,
} from '../../src/fleet/index.ts';
import { systemClock } from '../../src/shared/index.ts';
import { NO_BYTES } from '../support/memory-fleet.ts';
import { type Benchmark, median } from './benchmark.ts';

const DEVICES = 100_000;
const AT_ONCE = 5000;
const ROUNDS = 5;
const POLLS = 20_000;
const UPDATES = 1000;
const LOCAL = 'token:tok_bench';
const SECRET = 'otd_bench';
const GOAL = { name: 'the goal', value: 1000 };

/** A rollout over a large fleet, in a folder on disk: starting it, its polls, its updates. */
export const benchmark: Benchmark = {
  title: `fleet: a rollout over ${DEVICES.toLocaleString('en-US')} devices`,
  run: async (report) => {
    const path = await mkdtemp(join(tmpdir(), 'otakit-bench-'));
    try {
      await using folder = await openFleetFolder(path, { clock: systemClock });
      const { store } = folder;
      // Nothing is uploaded or fetched here, and the folder closes the store.
      const fleet = createFleet({ store, blobs: NO_BYTES, clock: systemClock });
      await fill(fleet, store);
      const what = (text: string) => `fleet: ${text}, ${DEVICES.toLocaleString('en-US')} devices`;

      const starts: number[] = [];
      let rolloutId = '';
      for (let round = 0; round < ROUNDS; round += 1) {
        const { deploymentId } = await fleet.deployments.create(LOCAL, { components: ['art_new'] });
        const before = performance.now();
        const fields = { deploymentId, cohortId: 'bench', supersede: round > 0, soakMs: 0 };
        rolloutId = (await fleet.rollouts.start(LOCAL, fields)).rolloutId;
        starts.push(performance.now() - before);
      }
      const unit = 'ms';
      report({
        what: what('starting a rollout'),
        unit,
        ours: median(starts),
        peer: GOAL,
        better: 'lower',
      });
      const ask = async (index: number) => {
        const contact = await fleet.gate.authenticate(idOf(index), SECRET);
        if (contact === null) throw new Error('a device was refused');
        return { contact, assignment: await fleet.gate.assignment(contact) };
      };
      const updating: number[] = [];
      const indices = Array.from({ length: POLLS }, (_, at) => (at * 7919) % DEVICES);
      const offering = performance.now();
      for (const index of indices) {
        const { assignment } = await ask(index);
        if (assignment.packages.some(({ kind }) => kind === 'update')) updating.push(index);
      }
      report({
        what: what(`first polls, of which ${updating.length} are offered something`),
        unit: 'polls/s',
        ours: (POLLS * 1000) / (performance.now() - offering),
        peer: { name: 'polled every 5 min', value: DEVICES / 300 },
        better: 'higher',
      });
      const polling = performance.now();
      for (const index of indices) await ask(index);
      report({
        what: what('polls without HTTP during a rollout'),
        unit: 'polls/s',
        ours: (POLLS * 1000) / (performance.now() - polling),
        peer: { name: 'the goal', value: 3500 },
        better: 'higher',
      });
      const reports = performance.now();
      const some = updating.slice(0, UPDATES);
      for (const index of some) {
        const { contact } = await ask(index);
        await fleet.gate.booted(contact, {
          packageId: 'main',
          version: '2.0.0',
          imageHash: null,
          appElfSha256: null,
          secureVersion: null,
          sinceBoot: true,
        });
      }
      report({
        what: what('boot reports stored, one transaction each'),
        unit: 'reports/s',
        ours: (some.length * 1000) / (performance.now() - reports),
        // At one update a day for each device, all of them within the hour after midnight.
        peer: { name: 'needed at 00:00-01:00', value: DEVICES / 3600 },
        better: 'higher',
      });
      const back = performance.now();
      await fleet.rollouts.rollback(LOCAL, rolloutId);
      report({
        what: what(`calling ${updating.length} devices back`),
        unit,
        ours: performance.now() - back,
        peer: GOAL,
        better: 'lower',
      });
      await fleet.rollouts.tick();
    } finally {
      await rm(path, { recursive: true, force: true });
    }
  },
};

const idOf = (index: number) => `dev-${String(index).padStart(6, '0')}`;

async function fill(fleet: Fleet, store: FleetStore): Promise<void> {
  const nowMs = Date.now();
  await fleet.packages.create(LOCAL, { packageId: 'main', kind: 'binary' });
  await fleet.cohorts.create(LOCAL, { cohortId: 'bench' });
  await store.transaction(async ({ artifacts }) => {
    for (const [artifactId, version] of [
      ['art_old', '1.0.0'],
      ['art_new', '2.0.0'],
    ] as const) {
      await artifacts.insert({
        artifactId,
        packageId: 'main',
        version,
        blueprintIds: [],
        sizeBytes: 1_000_000,
        sha256: createHash('sha256').update(version).digest('hex'),
        md5: createHash('md5').update(version).digest('hex'),
        releaseNotes: '',
        minVersion: null,
        image: null,
        signatures: [],
        createdAtMs: nowMs,
        revision: 1,
      });
    }
  });
  const old = await fleet.deployments.create(LOCAL, { components: ['art_old'] });
  await fleet.cohorts.update(LOCAL, 'bench', { activeDeploymentId: old.deploymentId });
  const secretHash = createHash('sha256').update(SECRET).digest('hex');
  const device = (index: number): Device => ({
    deviceId: idOf(index),
    name: '',
    blueprintId: null,
    cohortId: 'bench',
    tags: [],
    enabled: true,
    pinnedDeploymentId: null,
    credential: { secretHash, previousSecretHash: null, createdAtMs: nowMs },
    reported: {
      main: { version: '1.0.0', imageHash: null, reportedAtMs: nowMs, bootedAtMs: nowMs },
    },
    failures: {},
    secureVersion: null,
    lastSeenAtMs: null,
    lastBootedAtMs: nowMs,
    createdAtMs: nowMs,
    revision: 1,
  });
  for (let first = 0; first < DEVICES; first += AT_ONCE) {
    await store.transaction(async ({ devices }) => {
      for (let index = first; index < first + AT_ONCE; index += 1) {
        await devices.insert(device(index));
      }
    });
  }
}
