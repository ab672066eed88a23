import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { draw } from '../../../src/simulator/fleet/chance.ts';
import { TABLE } from '../../support/artifact-fleet.ts';
import { checkAll, checkDatabase, checkFolder, type Ledger } from './checks.ts';
import { Killed, Life } from './client.ts';
import { CrashDevice } from './devices.ts';
import { Operations, type RolloutView } from './operations.ts';
import { type ServerProcess, startServer } from './server-process.ts';
import { Uploads } from './uploads.ts';

/** Together 200. Each folder is a fleet of its own, and they run beside each other. */
const FOLDERS = ['alder', 'birch', 'cedar', 'dogwood'];
const KILLS = 50;
const DEVICES = 10;
/** One kill in so many comes while the server starts, on what the last kill left. */
const WHILE_STARTING = 6;
const LOOK_INTO_DATABASE = 5;

/** A fleet with its hardware, packages, cohort and devices. */
async function setUp(seed: string, life: Life, token: string): Promise<Ledger> {
  const create = async (path: string, json: unknown) => {
    const reply = await life.ask(`/api/v1/${path}`, { method: 'POST', token, json });
    expect(reply.status).toBe(201);
    return reply.json;
  };
  const chip = { chip: 'esp32', flashSizeBytes: 4 * 1024 * 1024, partitionTable: TABLE };
  await create('blueprints', { blueprintId: 'sensor', ...chip });
  await create('packages', { packageId: 'main' });
  await create('packages', { packageId: 'model', kind: 'binary' });
  await create('cohorts', { cohortId: 'c' });
  const devices: CrashDevice[] = [];
  for (let number = 1; number <= DEVICES; number += 1) {
    const deviceId = `${seed}-${number}`;
    const made = await create('devices', { deviceId, blueprintId: 'sensor', cohortId: 'c' });
    devices.push(new CrashDevice(deviceId, String(made['secret'])));
  }
  const uploads = new Uploads(seed, token);
  const operations = new Operations(seed, token, uploads);
  return { token, uploads, operations, devices, readAgain: new Set() };
}

/** Does the same thing again and again until the server is killed. */
async function untilKilled(life: Life, step: (count: number) => Promise<void>): Promise<void> {
  try {
    for (let count = 0; !life.isOver; count += 1) {
      await step(count);
      await turn();
    }
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
}

/** Everybody at work, and a kill after some acknowledged writes and a moment that has nothing to do with them. */
async function workUntilKilled(
  seed: string,
  kill: number,
  life: Life,
  server: ServerProcess,
  { uploads, operations, devices }: Ledger,
): Promise<void> {
  const writes = Math.floor(draw(seed, 'writes', kill) * 24);
  const moments = Math.floor(draw(seed, 'moments', kill) * 300);
  const half = devices.length / 2;
  const executioner = async () => {
    await life.hasAcknowledged(writes);
    for (let moment = 0; moment < moments; moment += 1) await turn();
    await server.kill();
  };
  const visit = (group: readonly CrashDevice[], count: number) =>
    group[(count + kill) % group.length]?.visit(life) ?? Promise.resolve();
  await Promise.all([
    executioner(),
    untilKilled(life, () => uploads.step(life)),
    untilKilled(life, () => operations.step(life)),
    untilKilled(life, (count) => visit(devices.slice(0, half), count)),
    untilKilled(life, (count) => visit(devices.slice(half), count)),
  ]);
}

/** Without any more kills, what goes on comes to its end: nobody is stranded, nobody counts twice. */
async function finish(life: Life, { token, uploads, operations, devices }: Ledger): Promise<void> {
  while (operations.latest === null || operations.latest.state.kind === 'completed') {
    await uploads.step(life);
    await operations.step(life);
  }
  const { rolloutId } = operations.latest;
  const path = `/api/v1/rollouts/${rolloutId}`;
  const steer = (verb: string) => life.ask(`${path}/${verb}`, { method: 'POST', token });
  if (operations.latest.state.kind === 'paused') await steer('resume');
  while ((await operations.look(life))?.percent !== 100) await steer('advance');
  while ((await operations.look(life))?.state.kind !== 'completed') {
    for (const device of devices) await device.visit(life);
    await pause(50);
  }
  const { deploymentId } = operations.latest;
  const target = operations.deployed.find((one) => one.deploymentId === deploymentId);
  for (const device of devices) {
    expect(Object.keys(device.reported)).toHaveLength(target?.components.length ?? 0);
  }
  for (const one of await life.list<RolloutView>('/api/v1/rollouts', token)) {
    const { succeeded = 0, skipped = 0, ...others } = one.counters;
    expect(one.state.kind).toBe('completed');
    expect(succeeded + skipped).toBe(DEVICES);
    expect(Object.values(others).every((count) => count === 0)).toBe(true);
  }
}

/** What was written down with each change is there as often as the change. */
async function checkAudit(life: Life, { token }: Ledger): Promise<void> {
  const audit = await life.list<{ action: string }>('/api/v1/audit', token);
  const total = async (path: string) => (await life.list(path, token)).length;
  const count = (action: string) => audit.filter((entry) => entry.action === action).length;
  expect(count('artifact.create')).toBe(await total('/api/v1/artifacts'));
  expect(count('deployment.create')).toBe(await total('/api/v1/deployments'));
  expect(count('rollout.start')).toBe(await total('/api/v1/rollouts'));
}

/** Tests that run beside each other cannot say which of them is over, so each keeps its own folder. */
async function ownFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'otakit-crash-'));
  const remove = () => rm(path, { recursive: true, force: true });
  return { path, [Symbol.asyncDispose]: remove };
}

describe.concurrent('a server that is killed', () => {
  it.each(FOLDERS)(
    `keeps what it acknowledged and goes on, ${KILLS} times: seed %s`,
    async (seed) => {
      await using root = await ownFolder();
      const folder = join(root.path, 'fleet');
      let ledger: Ledger | null = null;
      let token = '';
      let writes = 0;
      for (let kill = 1; kill <= KILLS; kill += 1) {
        const isEarly = kill % WHILE_STARTING === 0;
        await using server = startServer(folder);
        if (isEarly) {
          await server.hasFolder();
          const moments = draw(seed, 'early', kill) * 200;
          for (let moment = 0; moment < moments; moment += 1) await turn();
          await server.kill();
        } else {
          const listening = await server.listening;
          token ||= String(listening?.firstToken);
          const life = new Life(server, listening?.url ?? '');
          ledger ??= await setUp(seed, life, token);
          await checkFolder(folder, life, ledger);
          await checkAll(life, ledger);
          await workUntilKilled(seed, kill, life, server, ledger);
          writes += life.acknowledged;
        }
        expect(server.log).not.toContain('"level":"error"');
        if (kill % LOOK_INTO_DATABASE === 0) {
          const copy = join(root.path, 'copy');
          await checkDatabase(folder, copy);
          await rm(copy, { recursive: true });
        }
      }
      await using server = startServer(folder);
      const life = new Life(server, (await server.listening)?.url ?? '');
      if (ledger === null) throw new Error('it never listened');
      await checkFolder(folder, life, ledger);
      await checkAll(life, ledger);
      await finish(life, ledger);
      await checkAudit(life, ledger);
      expect(writes).toBeGreaterThan(KILLS * 5);
      expect(await server.stop()).toBe(0);
      expect(server.log).not.toContain('"level":"error"');
    },
    600_000,
  );
});
