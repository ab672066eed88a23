import { expect } from 'vitest';
import { deviceCount } from '../../../src/fleet/index.ts';
import type { Ledger } from './checks.ts';
import type { Life } from './client.ts';
import type { CrashDevice } from './devices.ts';
import type { Operations, RolloutView } from './operations.ts';

interface Row {
  readonly deviceId: string;
  readonly state: string;
}

interface LogEntry {
  readonly what: string;
  readonly position: number;
  readonly deviceId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
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

/** What the rollout that goes on says hangs together, and nothing that was acknowledged is undone. */
export async function checkRollout(
  life: Life,
  { token, operations, devices }: Ledger,
): Promise<void> {
  const before = operations.latest;
  if (before === null) return;
  const path = `/api/v1/rollouts/${before.rolloutId}`;
  // Between two requests a tick may move it on: what hangs together is read until nothing did.
  for (;;) {
    const rollout = await life.get<RolloutView & { revision: number }>(path, token);
    const rows = await life.list<Row>(`${path}/devices`, token);
    const log = await life.readAll<LogEntry>(`${path}/log`, token, ({ position }) => position);
    const again = await life.get<RolloutView & { revision: number }>(path, token);
    if (again.revision !== rollout.revision) continue;
    checkCounters(rollout, rows, log);
    checkState(rollout, before, operations);
    for (const device of devices) checkProgress(device, rollout, rows);
    operations.latest = rollout;
    return;
  }
}

function checkProgress(
  { deviceId, progress, saying, running, reported }: CrashDevice,
  { rolloutId, plan, state: { kind } }: RolloutView,
  rows: readonly Row[],
): void {
  // One that takes itself back may have done so at any time.
  if (progress?.rolloutId !== rolloutId || running !== reported || plan.autoRollback) return;
  // With a second package it begins to download again, which may have been heard without an answer.
  const least = Math.min(...[progress.state, saying ?? progress.state].map(orderOf));
  const state = rows.find((row) => row.deviceId === deviceId)?.state ?? 'nowhere';
  // One that comes back to the cohort when all others are back is told what to run, and not followed.
  if (kind === 'failed' && state === 'skipped') return;
  expect(
    orderOf(state),
    `${deviceId} is ${state}, and was ${progress.state}`,
  ).toBeGreaterThanOrEqual(least);
}

function orderOf(state: string): number {
  return ORDER.indexOf(state);
}

/** Counters, rows and log say the same, and each device is there once. */
function checkCounters(
  { counters, percent, members, state }: RolloutView,
  rows: readonly Row[],
  log: readonly LogEntry[],
): void {
  expect(new Set(rows.map(({ deviceId }) => deviceId)).size).toBe(rows.length);
  const counted = Object.fromEntries(Object.keys(counters).map((state) => [state, 0]));
  for (const { state } of rows) counted[state] = (counted[state] ?? 0) + 1;
  // Those that it covers and that have not come yet have no row, and are shown as scheduled.
  const takesMore = ['pending', 'active', 'paused'].includes(state.kind);
  const yetToCome = takesMore ? Math.max(0, deviceCount(percent, members) - rows.length) : 0;
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
  // What leads to another state of the whole is written down once, with it.
  const states = log.filter(({ what }) => KINDS.has(what)).map(({ what }) => what);
  if (states.length > 0) expect(state.kind).toBe(states.at(-1));
  for (const end of ['completed', 'failed', 'rolling-back']) {
    expect(states.filter((kind) => kind === end).length).toBeLessThanOrEqual(1);
  }
}

const KINDS = new Set(['active', 'paused', 'rolling-back', 'completed', 'failed']);

/** What nobody asked for did not happen; what was asked without an answer may have. */
function checkState(now: RolloutView, before: RolloutView, { unanswered }: Operations): void {
  expect(now.phase).toBeGreaterThanOrEqual(before.phase);
  expect(now.percent).toBeGreaterThanOrEqual(before.percent);
  const [from, to] = [before.state, now.state];
  const asked = unanswered?.verb;
  if (from.kind === to.kind) {
    if (from.kind !== 'paused' || asked === undefined) expect(to).toEqual(from);
    return;
  }
  const { autoRollback } = now.plan;
  const by: Readonly<Record<string, boolean>> = {
    active: asked === 'resume',
    paused: asked === 'pause' || autoRollback,
    completed: from.kind === 'active' || asked === 'resume',
    'rolling-back': asked === 'rollback' || autoRollback,
    failed: from.kind === 'rolling-back' || asked === 'rollback' || autoRollback,
  };
  expect(by[to.kind], `${from.kind} became ${to.kind} after ${asked ?? 'nothing'}`).toBe(true);
  if (from.kind === 'rolling-back') expect(to.deploymentId).toBe(from.deploymentId);
}
