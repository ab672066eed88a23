import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { draw } from '../../../src/simulator/fleet/chance.ts';
import { TABLE } from '../../support/artifact-fleet.ts';
import { checkAll, checkDatabase, type Ledger } from './checks.ts';
import { backUp, Chores } from './chores.ts';
import { Killed, Life } from './client.ts';
import { CrashDevice } from './devices.ts';
import { type Deployed, Operations, type RolloutView } from './operations.ts';
import { expectReceived, type Receiver, startReceiver } from './receiver.ts';
import { compileServer, type ServerProcess, startServer } from './server-process.ts';
import { inPieces, Uploads } from './uploads.ts';

/**
 * Together 200. Each folder is a fleet of its own, and they run beside each other. `OTAKIT_SEED` has others
 * drawn: a number, or `random`.
 */
const FOLDERS = ['alder', 'birch', 'cedar', 'dogwood'].map((name) => `${name}${ownSeed()}`);
const KILLS = 50;
const DEVICES = 10;
const MOST_WRITES = 28;
/** One kill in so many comes while the server starts, on what the last kill left. */
const WHILE_STARTING = 6;
/** One in so many comes while a backup is put in place; the next one comes while the server starts. */
const WHILE_RESTORING = 12;
const LONGEST_RESTORE_MS = 600;
const LOOK_INTO_DATABASE = 5;
const HEARD_OF = ['rollout.*', 'command.*'];

function ownSeed(): string {
  const wanted = process.env['OTAKIT_SEED'] ?? '';
  return wanted === 'random' ? `-${randomInt(1_000_000)}` : wanted && `-${wanted}`;
}

/** A fleet with its hardware, packages, cohort and devices. */
async function setUp(seed: string, life: Life, token: string, receiver: Receiver): Promise<Ledger> {
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
  await create('cohorts', { cohortId: 'd' });
  const webhook = await create('webhooks', { url: receiver.url, eventTypes: HEARD_OF });
  receiver.secret = String(webhook['secret']);
  const devices: CrashDevice[] = [];
  for (let number = 1; number <= DEVICES; number += 1) {
    const deviceId = `${seed}-${number}`;
    const made = await create('devices', { deviceId, blueprintId: 'sensor', cohortId: 'c' });
    devices.push(new CrashDevice(deviceId, String(made['secret'])));
  }
  const uploads = new Uploads(seed, token);
  const operations = new Operations(seed, token, { uploads, devices });
  const chores = new Chores(seed, token, devices);
  for (const device of chores.moved) device.isFaultless = true;
  const readAgain = new Set<string>();
  return { token, uploads, operations, chores, receiver, devices, readAgain, marker: null };
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
  { uploads, operations, chores, devices }: Ledger,
): Promise<void> {
  const writes = Math.floor(draw(seed, 'writes', kill) * MOST_WRITES);
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
    untilKilled(life, () => chores.step(life)),
    untilKilled(life, (count) => visit(devices.slice(0, half), count)),
    untilKilled(life, (count) => visit(devices.slice(half), count)),
  ]);
}

/** A kill while what was just backed up is put in place of what is there, which is the same but for a tag. */
async function restoreUntilKilled(
  seed: string,
  kill: number,
  life: Life,
  server: ServerProcess,
  ledger: Ledger,
): Promise<void> {
  const { token, receiver } = ledger;
  const archive = await backUp(life, token);
  const tag = `kill-${kill}`;
  const made = await life.ask('/api/v1/tags', { method: 'POST', token, json: { tag } });
  expect(made.status).toBe(201);
  const marker = { tag, isGone: false };
  ledger.marker = marker;
  const restore = async () => {
    const { status } = await life.ask('/api/v1/restore', {
      method: 'POST',
      token,
      stream: inPieces(archive),
    });
    expect(status).toBe(200);
    marker.isGone = true;
  };
  const executioner = async () => {
    await pause(draw(seed, 'restoring', kill) * LONGEST_RESTORE_MS);
    await server.kill();
  };
  await receiver.whileTurnedBack(() =>
    Promise.all([executioner(), untilKilled(life, (count) => restoreOnce(count, restore))]),
  );
}

function restoreOnce(count: number, restore: () => Promise<void>): Promise<void> {
  return count === 0 ? restore() : Promise.resolve();
}

/** Without any more kills, all comes to its end, and one more rollout does: nobody is stranded. */
async function finish(life: Life, ledger: Ledger): Promise<void> {
  const { token, uploads, operations, chores, devices } = ledger;
  operations.isCalm = true;
  for (const device of devices) device.isFaultless = true;
  for (const device of chores.moved) await chores.move(life, device, 'c');
  const before = operations.rollouts.length;
  while (operations.rollouts.length <= before || !operations.isOver) {
    if (operations.isOver) await uploads.step(life);
    await operations.step(life);
    for (const device of devices) await device.visit(life);
    await pause(20);
  }
  expect(operations.latest?.state.kind).toBe('completed');
  const target = operations.deployed.at(-1);
  expect(operations.latest?.deploymentId).toBe(target?.deploymentId);
  const versions = uploads.taken
    .filter(({ artifactId }) => target?.components.some((one) => one.artifactId === artifactId))
    .map(({ packageId, version }) => [packageId, version] as const);
  for (const device of devices) {
    while (device.running !== device.reported) await device.visit(life);
    await device.visit(life);
    await device.takeCommands(life);
    expect(device.reported).toEqual(Object.fromEntries(versions));
  }
  const under = ['offered', 'downloading', 'verifying', 'installing', 'rebooting', 'soaking'];
  for (const { state, counters } of await life.list<RolloutView>('/api/v1/rollouts', token)) {
    expect(['completed', 'failed']).toContain(state.kind);
    for (const one of under) expect(counters[one]).toBe(0);
  }
  await checkEvents(life, ledger);
}

/** Whoever is told about events was told of each one. */
async function checkEvents(life: Life, { token, receiver }: Ledger): Promise<void> {
  const [nouns, isHeardOf] = [
    HEARD_OF.map((type) => type.slice(0, -1)),
    (type: string) => nouns.some((noun) => type.startsWith(noun)),
  ];
  const all = await life.readAll<{ eventId: number; type: string }>(
    '/api/v1/events',
    token,
    ({ eventId }) => eventId,
  );
  const lastId = all.at(-1)?.eventId ?? 0;
  // One that was refused comes again after some seconds.
  for (;;) {
    const [hook] = await life.list<{ lastEventId: number }>('/api/v1/webhooks', token);
    if ((hook?.lastEventId ?? 0) >= lastId) break;
    await pause(100);
  }
  expectReceived(
    receiver,
    all.filter(({ type }) => isHeardOf(type)),
  );
}

/** What was written down with each change is there as often as the change; and each way back was made once. */
async function checkAudit(life: Life, { token }: Ledger): Promise<void> {
  const audit = await life.list<{ action: string }>('/api/v1/audit', token);
  const total = async (path: string) => (await life.list(path, token)).length;
  const count = (action: string) => audit.filter((entry) => entry.action === action).length;
  expect(count('artifact.create')).toBe(await total('/api/v1/artifacts'));
  expect(count('deployment.create')).toBe(await total('/api/v1/deployments'));
  expect(count('rollout.start')).toBe(await total('/api/v1/rollouts'));
  expect(count('command.create')).toBe(await total('/api/v1/commands'));
  const rollouts = await life.list<RolloutView>('/api/v1/rollouts', token);
  const deployments = await life.list<Deployed>('/api/v1/deployments', token);
  const wayBack = rollouts.flatMap(({ state: { deploymentId } }) => deploymentId ?? []);
  const made = deployments.filter(({ restores }) => restores !== null);
  expect(made.map(({ deploymentId }) => deploymentId).toSorted()).toEqual(wayBack.toSorted());
}

/** Tests that run beside each other cannot say which of them is over, so each keeps its own folder. */
async function ownFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'otakit-crash-'));
  const remove = () => rm(path, { recursive: true, force: true });
  return { path, [Symbol.asyncDispose]: remove };
}

describe.concurrent('a server that is killed', () => {
  beforeAll(compileServer);

  it.each(FOLDERS)(
    `keeps what it acknowledged and goes on, ${KILLS} times: seed %s`,
    async (seed) => {
      await using root = await ownFolder();
      await using receiver = await startReceiver();
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
          ledger ??= await setUp(seed, life, token, receiver);
          await checkAll(folder, life, ledger);
          const isRestored = kill % WHILE_RESTORING === WHILE_STARTING - 1;
          const live = isRestored ? restoreUntilKilled : workUntilKilled;
          await live(seed, kill, life, server, ledger);
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
      await checkAll(folder, life, ledger);
      await finish(life, ledger);
      await checkAudit(life, ledger);
      expect(writes).toBeGreaterThan(KILLS * 5);
      expect(await server.stop()).toBe(0);
      expect(server.log).not.toContain('"level":"error"');
    },
    1_800_000,
  );
});
