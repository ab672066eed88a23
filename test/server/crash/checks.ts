import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import { deviceCount } from '../../../src/fleet/index.ts';
import type { Life } from './client.ts';
import type { CrashDevice } from './devices.ts';
import type { Deployed, Operations, RolloutView } from './operations.ts';
import type { Uploaded, Uploads } from './uploads.ts';

/** Everything that was acknowledged, by who was told. */
export interface Ledger {
  readonly token: string;
  readonly uploads: Uploads;
  readonly operations: Operations;
  readonly devices: readonly CrashDevice[];
  /** Digests of artifacts whose bytes were read again since they were taken. */
  readonly readAgain: Set<string>;
}

interface Row {
  readonly deviceId: string;
  readonly state: string;
}

/** How far a device of a rollout is. A report that was not acknowledged may have taken it further. */
const ORDER = [
  'offered',
  'downloading',
  'verifying',
  'installing',
  'rebooting',
  'soaking',
  'succeeded',
];

/** Looks into copies of the database files as the kill left them: opening the files would mend them. */
export async function checkDatabase(folder: string, into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  for (const name of ['fleet.db', 'fleet.db-wal']) {
    if (existsSync(join(folder, name))) await copyFile(join(folder, name), join(into, name));
  }
  const database = new DatabaseSync(join(into, 'fleet.db'));
  try {
    expect(database.prepare('PRAGMA integrity_check').all()).toMatchObject([
      { integrity_check: 'ok' },
    ]);
    expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
  } finally {
    database.close();
  }
}

/** Nothing that was only coming in is left, and every file is what its name says and somebody's. */
export async function checkFolder(folder: string, life: Life, { token }: Ledger): Promise<void> {
  const names = await readdir(folder, { recursive: true });
  expect(names.filter((name) => /tmp|partial/.test(name))).toEqual([]);
  expect(await readdir(join(folder, 'blobs/incoming'))).toEqual([]);
  const kept = names
    .map((name) => /^blobs\/sha256\/([0-9a-f]{2})\/([0-9a-f]{62})$/.exec(name))
    .flatMap((match) => (match === null ? [] : [`${match[1]}${match[2]}`]));
  const artifacts = await life.list<Uploaded>('/api/v1/artifacts', token);
  expect(kept.toSorted()).toEqual([...new Set(artifacts.map(({ sha256 }) => sha256))].toSorted());
}

/** Every acknowledged write is there, and what hangs together does. */
export async function checkAll(life: Life, ledger: Ledger): Promise<void> {
  await checkArtifacts(life, ledger);
  const deployments = await life.list<Deployed>('/api/v1/deployments', ledger.token);
  for (const one of ledger.operations.deployed) expect(deployments).toContainEqual(one);
  const sequences = deployments.map(({ sequence }) => sequence);
  expect(new Set(sequences).size).toBe(sequences.length);
  await checkDevices(life, ledger);
  await checkRollout(life, ledger);
}

async function checkArtifacts(life: Life, { token, uploads, readAgain }: Ledger): Promise<void> {
  const artifacts = await life.list<Uploaded>('/api/v1/artifacts', token);
  for (const one of uploads.taken) expect(artifacts).toContainEqual(one);
  for (const { artifactId, sha256, sizeBytes } of artifacts) {
    if (readAgain.has(sha256)) continue;
    const { bytes } = await life.ask(`/api/v1/artifacts/${artifactId}/content`, { token });
    expect(bytes.length).toBe(sizeBytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    readAgain.add(sha256);
  }
}

async function checkDevices(life: Life, { token, devices }: Ledger): Promise<void> {
  const all = await life.list<{
    readonly deviceId: string;
    readonly reported: Readonly<Record<string, { readonly version: string }>>;
  }>('/api/v1/devices', token);
  expect(all.length).toBe(devices.length);
  for (const device of devices) {
    const stored = all.find(({ deviceId }) => deviceId === device.deviceId)?.reported ?? {};
    for (const packageId of Object.keys({ ...device.running, ...stored })) {
      // What it says now, if that was not acknowledged; what was acknowledged otherwise.
      const may = [device.reported[packageId], device.running[packageId]];
      expect(may).toContain(stored[packageId]?.version);
    }
  }
}

async function checkRollout(life: Life, { token, operations, devices }: Ledger): Promise<void> {
  const before = operations.latest;
  if (before === null) return;
  const path = `/api/v1/rollouts/${before.rolloutId}`;
  // Between two requests a tick may move it on: what hangs together is read until nothing did.
  for (;;) {
    const rollout = await life.get<RolloutView & { revision: number }>(path, token);
    const rows = await life.list<Row>(`${path}/devices`, token);
    const log = await life.get<{ list: LogEntry[] }>(`${path}/log?limit=1000`, token);
    const again = await life.get<RolloutView & { revision: number }>(path, token);
    if (again.revision !== rollout.revision) continue;
    checkCounters(rollout, devices.length, rows, log.list);
    checkState(rollout, before, operations);
    for (const device of devices) checkProgress(device, rollout, rows);
    operations.latest = rollout;
    operations.unanswered = null;
    return;
  }
}

function checkProgress(
  { deviceId, progress, saying, running, reported }: CrashDevice,
  { rolloutId }: RolloutView,
  rows: readonly Row[],
): void {
  if (progress?.rolloutId !== rolloutId || running !== reported) return;
  // With a second package it begins to download again, which may have been heard without an answer.
  const least = Math.min(...[progress.state, saying ?? progress.state].map(orderOf));
  const state = rows.find((row) => row.deviceId === deviceId)?.state ?? 'nowhere';
  expect(
    orderOf(state),
    `${deviceId} is ${state}, and was ${progress.state}`,
  ).toBeGreaterThanOrEqual(least);
}

function orderOf(state: string): number {
  return ORDER.indexOf(state);
}

interface LogEntry {
  readonly what: string;
  readonly position: number;
  readonly deviceId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Counters, rows and log say the same, and each device is there once. */
function checkCounters(
  { counters, percent, state }: RolloutView,
  members: number,
  rows: readonly Row[],
  log: readonly LogEntry[],
): void {
  expect(new Set(rows.map(({ deviceId }) => deviceId)).size).toBe(rows.length);
  const counted = Object.fromEntries(Object.keys(counters).map((state) => [state, 0]));
  for (const { state } of rows) counted[state] = (counted[state] ?? 0) + 1;
  // Those that it covers and that have not come yet have no row, and are shown as scheduled.
  const isOver = state.kind === 'completed';
  const yetToCome = isOver ? 0 : Math.max(0, deviceCount(percent, members) - rows.length);
  counted['scheduled'] = (counted['scheduled'] ?? 0) + yetToCome;
  expect(counters).toEqual(counted);
  const byLog = new Map<string, unknown>();
  for (const { what, deviceId, data } of log) {
    if (what !== 'device' || deviceId === null) continue;
    expect(data['from'] ?? null).toBe(byLog.get(deviceId) ?? null);
    byLog.set(deviceId, data['to']);
  }
  expect(Object.fromEntries(byLog)).toEqual(
    Object.fromEntries(rows.map(({ deviceId, state }) => [deviceId, state])),
  );
}

/** Nothing that was acknowledged to an operator is undone; what was not may have happened. */
function checkState(
  { phase, percent, state }: RolloutView,
  before: RolloutView,
  { unanswered }: Operations,
): void {
  expect(phase).toBeGreaterThanOrEqual(before.phase);
  expect(percent).toBeGreaterThanOrEqual(before.percent);
  if (before.state.kind === 'paused' && unanswered === null) expect(state).toEqual(before.state);
  if (before.state.kind === 'completed') expect(state).toEqual(before.state);
  if (state.kind === 'paused' && before.state.kind !== 'paused') expect(unanswered).toBe('pause');
}
