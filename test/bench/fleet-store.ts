import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { type FleetStore, openStore } from '../../src/fleet/index.ts';
import { systemClock } from '../../src/shared/index.ts';
import { aCohort, aDevice } from '../fleet/storage/entities.ts';
import type { Benchmark } from './benchmark.ts';

const SIZES = [10_000, 100_000];
const LOOKUPS = 20_000;
const REPORTS = 1000;
const AT_ONCE = 50;
const PEER = 'node:sqlite alone';

/** What a poll reads: the device, its cohort, its row in a rollout, the commands that wait. */
const POLL = [
  'SELECT * FROM devices WHERE device_id = ?',
  'SELECT * FROM cohorts WHERE cohort_id = ?',
  `SELECT * FROM rollout_devices WHERE rollout_id = 'rol_1' AND device_id = ?`,
  `SELECT * FROM commands WHERE device_id = ? AND state IN ('queued', 'delivered')`,
] as const;

/** The store beside its own driver with the same SQL, on the same file: what the layers between cost. */
export const benchmark: Benchmark = {
  title: 'the fleet store beside node:sqlite alone',
  run: async (report) => {
    for (const devices of SIZES) {
      const folder = mkdtempSync(join(tmpdir(), 'otakit-bench-'));
      try {
        const file = join(folder, 'fleet.db');
        await using store = await openStore({ file, clock: systemClock });
        const heapBefore = residentBytes();
        await fill(store, devices);
        const of = `with ${devices} devices`;
        const database = new DatabaseSync(file, { timeout: 5000 });
        database.exec('PRAGMA synchronous = FULL');
        try {
          report({
            what: `polls ${of}`,
            unit: '/s',
            ours: await perSecond(LOOKUPS, (n) => poll(store, idOf(n, devices))),
            peer: { name: PEER, value: await perSecond(LOOKUPS, rawPoll(database, devices)) },
            better: 'higher',
          });
          report({
            what: `reports ${of}, each durable`,
            unit: '/s',
            ours: await perSecond(REPORTS, (n) => reportBoot(store, idOf(n, devices))),
            peer: { name: PEER, value: await perSecond(REPORTS, rawReport(database, devices)) },
            better: 'higher',
          });
          report({
            what: `reports ${of}, ${AT_ONCE} at once`,
            unit: '/s',
            ours: await perSecond(
              REPORTS / AT_ONCE,
              (n) => reportBoots(store, n, devices),
              AT_ONCE,
            ),
            peer: { name: PEER, value: await perSecond(REPORTS, rawReport(database, devices)) },
            better: 'higher',
          });
          const started = performance.now();
          const ids = await store.read.devices.idsOfCohort('production');
          const oursMs = performance.now() - started;
          const startedRaw = performance.now();
          database.prepare(`SELECT device_id FROM devices WHERE cohort_id = 'production'`).all();
          report({
            what: `the ids of a cohort of ${ids.length}`,
            unit: 'ms',
            ours: oursMs,
            peer: { name: PEER, value: performance.now() - startedRaw },
            better: 'lower',
          });
        } finally {
          database.close();
        }
        console.error(
          `  memory ${of}: ${Math.round((residentBytes() - heapBefore) / devices)} bytes per device`,
        );
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  },
};

async function fill(store: FleetStore, devices: number): Promise<void> {
  await store.transaction((r) => r.cohorts.insert(aCohort()));
  const batch = 5000;
  for (let from = 0; from < devices; from += batch) {
    await store.transaction(async (r) => {
      for (let n = from; n < Math.min(from + batch, devices); n += 1) {
        await r.devices.insert(aDevice({ deviceId: idOf(n, devices), cohortId: 'production' }));
      }
    });
  }
}

/** Spread over the fleet, so that the cache does not do all the work. */
function idOf(number: number, devices: number): string {
  return `board-${String((number * 7919) % devices).padStart(6, '0')}`;
}

async function poll({ read }: FleetStore, deviceId: string): Promise<void> {
  const device = await read.devices.get(deviceId);
  await read.cohorts.get(device?.cohortId ?? '');
  await read.rolloutDevices.get('rol_1', deviceId);
  await read.commands.deliverable(deviceId, 0);
}

async function reportBoot(store: FleetStore, deviceId: string): Promise<void> {
  await store.transaction(async (r) => {
    const device = await r.devices.get(deviceId);
    if (device === null) throw new Error(`${deviceId} is not there`);
    await r.devices.update({ ...device, lastBootedAtMs: 1, revision: device.revision + 1 });
    await r.events.append([
      { atMs: 1, type: 'device.booted', deviceId, rolloutId: null, data: { version: '1.0.0' } },
    ]);
  });
}

/** As a server has them: many requests wait for the disk at the same time. */
async function reportBoots(store: FleetStore, number: number, devices: number): Promise<void> {
  await Promise.all(
    Array.from({ length: AT_ONCE }, (_, n) =>
      reportBoot(store, idOf(number * AT_ONCE + n, devices)),
    ),
  );
}

function rawPoll(database: DatabaseSync, devices: number): (number: number) => void {
  const [device, cohort, row, commands] = POLL.map((sql) => database.prepare(sql));
  return (number) => {
    const id = idOf(number, devices);
    const found = device?.get(id);
    JSON.parse(String(found?.['body']));
    cohort?.get(found?.['cohort_id'] ?? null);
    row?.get(id);
    commands?.all(id);
  };
}

function rawReport(database: DatabaseSync, devices: number): (number: number) => void {
  const get = database.prepare(POLL[0]);
  const update = database.prepare(
    'UPDATE devices SET last_booted_at_ms = ?, body = ?, revision = ? WHERE device_id = ? AND revision = ?',
  );
  const next = database.prepare(
    "UPDATE sequences SET value = value + 1 WHERE name = 'events' RETURNING value",
  );
  const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)');
  return (number) => {
    const id = idOf(number, devices);
    database.exec('BEGIN IMMEDIATE');
    const row = get.get(id);
    const revision = Number(row?.['revision']);
    const body: SQLInputValue = JSON.stringify(JSON.parse(String(row?.['body'])));
    update.run(1, body, revision + 1, id, revision);
    const eventId = Number(next.get()?.['value']);
    insert.run(eventId, 1, 'device.booted', id, null, '{"version":"1.0.0"}');
    database.exec('COMMIT');
  };
}

async function perSecond(
  times: number,
  work: (number: number) => Promise<void> | void,
  each = 1,
): Promise<number> {
  for (let number = 0; number < times / 10; number += 1) await work(number);
  const started = performance.now();
  for (let number = 0; number < times; number += 1) await work(number);
  return (times * each * 1000) / (performance.now() - started);
}

function residentBytes(): number {
  return process.memoryUsage().rss;
}
