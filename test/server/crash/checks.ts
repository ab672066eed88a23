import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import type { Life } from './client.ts';
import type { CrashDevice } from './devices.ts';
import type { Chores, Queued } from './chores.ts';
import type { Deployed, Operations } from './operations.ts';
import type { Receiver } from './receiver.ts';
import { checkRollout } from './rollout-checks.ts';
import type { Uploaded, Uploads } from './uploads.ts';

/** Everything that was acknowledged, by who was told. */
export interface Ledger {
  readonly token: string;
  readonly uploads: Uploads;
  readonly operations: Operations;
  readonly chores: Chores;
  readonly receiver: Receiver;
  readonly devices: readonly CrashDevice[];
  /** Digests of artifacts whose bytes were read again since they were taken. */
  readonly readAgain: Set<string>;
  /** Made between the last backup and its restore: it is gone, if that was acknowledged. */
  marker: { readonly tag: string; isGone: boolean } | null;
}

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

/** Nothing that was only coming in is left, and every file is somebody's. */
async function checkFolder(folder: string, artifacts: readonly Uploaded[]): Promise<void> {
  const names = await readdir(folder, { recursive: true });
  expect(names.filter((name) => /tmp|partial/.test(name))).toEqual([]);
  expect(await readdir(join(folder, 'blobs/incoming'))).toEqual([]);
  const kept = names
    .map((name) => /^blobs\/sha256\/([0-9a-f]{2})\/([0-9a-f]{62})$/.exec(name))
    .flatMap((match) => (match === null ? [] : [`${match[1]}${match[2]}`]));
  expect(kept.toSorted()).toEqual([...new Set(artifacts.map(({ sha256 }) => sha256))].toSorted());
}

/** Every acknowledged write is there, and what hangs together does. */
export async function checkAll(folder: string, life: Life, ledger: Ledger): Promise<void> {
  const artifacts = await life.list<Uploaded>('/api/v1/artifacts', ledger.token);
  await checkFolder(folder, artifacts);
  await checkArtifacts(life, artifacts, ledger);
  const deployments = await life.list<Deployed>('/api/v1/deployments', ledger.token);
  for (const one of ledger.operations.deployed) expect(deployments).toContainEqual(one);
  const sequences = deployments.map(({ sequence }) => sequence);
  expect(new Set(sequences).size).toBe(sequences.length);
  const bundles = deployments.map(({ name }) => name).filter((name) => name.startsWith('bundle'));
  expect(new Set(bundles).size).toBe(bundles.length);
  await checkDevices(life, ledger);
  await checkRollout(life, ledger);
  await checkCommands(life, ledger);
  await checkMarker(life, ledger);
  expect(ledger.receiver.faults).toEqual([]);
}

async function checkArtifacts(
  life: Life,
  artifacts: readonly Uploaded[],
  { token, uploads, readAgain }: Ledger,
): Promise<void> {
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
    readonly cohortId: string;
    readonly reported: Readonly<Record<string, { readonly version: string }>>;
  }>('/api/v1/devices', token);
  expect(all.length).toBe(devices.length);
  for (const device of devices) {
    const one = all.find(({ deviceId }) => deviceId === device.deviceId);
    const stored = one?.reported ?? {};
    expect([device.cohortId, device.movingTo]).toContain(one?.cohortId);
    for (const packageId of Object.keys({ ...device.running, ...stored })) {
      // What it says now, if that was not acknowledged; what was acknowledged otherwise.
      const may = [device.reported[packageId], device.running[packageId]];
      expect(may).toContain(stored[packageId]?.version);
    }
  }
}

/** Each is there once, and as far as its device was told, or one step further. */
async function checkCommands(life: Life, { token, chores, devices }: Ledger): Promise<void> {
  const all = await life.list<Queued>('/api/v1/commands', token);
  const numbers = all.map(({ payload }) => payload.number);
  expect(new Set(numbers).size).toBe(numbers.length);
  const stored = new Map(all.map((one) => [one.commandId, one]));
  for (const [commandId, { payload, deviceId }] of chores.queued) {
    const one = stored.get(commandId);
    const device = devices.find((candidate) => candidate.deviceId === deviceId);
    expect(one?.payload).toEqual(payload);
    expect(waysOf(device, commandId)).toContain(one?.state);
    if (one?.state === 'succeeded') expect(one.result).toEqual(payload);
  }
}

function waysOf(device: CrashDevice | undefined, commandId: string): readonly string[] {
  if (device?.heard.has(commandId) === true) return ['succeeded'];
  // What was handed out in an answer that never came comes again, after a while.
  if (device?.carriedOut.has(commandId) !== true) return ['queued', 'delivered'];
  return ['delivered', 'succeeded'];
}

/** A restore is all or nothing, and it is all where it was acknowledged. */
async function checkMarker(life: Life, ledger: Ledger): Promise<void> {
  const { token, marker } = ledger;
  if (marker === null) return;
  const { list } = await life.get<{ list: { tag: string }[] }>('/api/v1/tags', token);
  if (marker.isGone) expect(list.map(({ tag }) => tag)).not.toContain(marker.tag);
  ledger.marker = null;
}
