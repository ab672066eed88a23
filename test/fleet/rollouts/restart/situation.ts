import type { RolloutPlan } from '../../../../src/fleet/index.ts';
import type { RolloutWorld } from '../../../support/rollout-world.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A device at a time: the canary is one of four. */
export const STEP_BY_STEP = { canaryPercent: 25, stepPercent: 25, phaseMs: HOUR } as const;
export const ALL_AT_ONCE = { canaryPercent: 100, stepPercent: null, phaseMs: HOUR } as const;

/** How a world comes to where it is stopped, and what has to become of it afterwards. */
export interface Situation {
  readonly name: string;
  readonly plan: Partial<RolloutPlan>;
  /** Leads to it. */
  readonly before: (world: RolloutWorld, rolloutId: string) => Promise<unknown>;
  /** Says that it was led there. */
  readonly is: (world: RolloutWorld, rolloutId: string) => Promise<unknown>;
  /** What comes next, and where that leads: a step from here, not from the beginning. */
  readonly next?: (world: RolloutWorld, rolloutId: string) => Promise<unknown>;
  /** What devices `d000` to `d003` run once everything is over. */
  readonly end: readonly [string, string, string, string];
}

export const DEVICES = ['d000', 'd001', 'd002', 'd003'];
export const NEW = ['2.0.0', '2.0.0', '2.0.0', '2.0.0'] as const;
export const OLD = ['1.0.0', '1.0.0', '1.0.0', '1.0.0'] as const;

export async function everybodyCalls(world: RolloutWorld): Promise<void> {
  for (const id of DEVICES) await world.updates(id);
}

/** The way of a device up to, and with, a state. */
export async function goes(world: RolloutWorld, id: string, to: string): Promise<void> {
  await world.asks(id);
  for (const state of ['downloading', 'verifying', 'installing', 'rebooting'] as const) {
    if (to === 'offered') return;
    await world.says(id, state);
    if (to === state) return;
  }
  await world.boots(id, to === 'rolled-back' ? '1.0.0' : '2.0.0');
}

export const stateOf = (world: RolloutWorld, rolloutId: string) =>
  world.rollout(rolloutId).then(({ state, phase }) => ({ ...state, phase }));
