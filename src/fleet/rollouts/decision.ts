import type { Rollout, RolloutDevice } from './rollout.ts';

/** What {@link decide} looks at: the rollout, and the one device that the event is about. */
export interface RolloutView {
  readonly rollout: Rollout;
  /** `null` for an event about no device, and for a device that had no contact yet. */
  readonly row: RolloutDevice | null;
}

/** How what a device reports stands to what it should run. */
export type Standing =
  /** What it should run. */
  | 'target'
  /** What it ran before it was offered anything. */
  | 'before'
  /** A stepping stone between the two. */
  | 'step'
  | 'other';

/** What is known of a device at the time of an event, against the deployment of its direction. */
export interface DeviceFacts {
  readonly deviceId: string;
  readonly rank: string;
  /** Whether every package of the deployment that is for it is at its target. */
  readonly atTarget: boolean;
  /** Whether it reported all of these after a boot. */
  readonly booted: boolean;
  /** Why it cannot be given the deployment at all, in words. */
  readonly obstacle: string | null;
  /** It failed the artifact before and is left alone until then. */
  readonly notBeforeMs: number | null;
  /** By package, versions as reported. */
  readonly reported: Readonly<Record<string, string>>;
  /** The versions it should run, for people. */
  readonly target: string;
}

/** Everything that can happen to a rollout. */
export type RolloutEvent =
  /**
   * Time went by. `recalled`: no device is left that still has to be told to go back. `members`: what
   * {@link Rollout.members} would be now, 0 where no device is in the cohort; only for a rollout that
   * reaches nobody.
   */
  | { readonly kind: 'tick'; readonly recalled: boolean; readonly members: number | null }
  | {
      readonly kind: 'phase-begun';
      readonly phase: number;
      readonly percent: number;
      readonly cut: string;
      readonly members: number;
    }
  | { readonly kind: 'pause'; readonly reason: string }
  | { readonly kind: 'resume' }
  | { readonly kind: 'advance' }
  | { readonly kind: 'rollback'; readonly reason: string }
  | { readonly kind: 'rollback-made'; readonly deploymentId: string }
  | { readonly kind: 'rollback-refused'; readonly reason: string }
  | { readonly kind: 'superseded'; readonly by: string }
  | { readonly kind: 'device-asks'; readonly facts: DeviceFacts }
  | {
      readonly kind: 'device-progress';
      readonly state:
        | 'downloading'
        | 'verifying'
        | 'installing'
        | 'rebooting'
        | 'failed'
        | 'rolled-back';
      readonly error: string | null;
    }
  | {
      readonly kind: 'device-reported';
      readonly facts: DeviceFacts;
      readonly sinceBoot: boolean;
      /** The package that was reported, on its own. */
      readonly standing: Standing;
      readonly version: string;
    }
  | { readonly kind: 'device-due' }
  /** `isIn`: it is among those that the rollout has reached, whether it had contact or not. */
  | {
      readonly kind: 'device-left';
      readonly deviceId: string;
      readonly isIn: boolean;
      readonly reason: string;
    }
  /** The rollout is taken back: this device, too. */
  | { readonly kind: 'device-recalled' }
  | { readonly kind: 'device-retried' };

/** What has to be done outside of the rollout; done in the same transaction. */
export type RolloutEffect =
  /** Read the cohort, find the cut, answer with `phase-begun`. */
  | { readonly kind: 'begin-phase'; readonly phase: number; readonly percent: number }
  /** Make the deployment that goes back, answer with `rollback-made` or `rollback-refused`. */
  | { readonly kind: 'make-rollback' }
  | { readonly kind: 'move-cohort'; readonly deploymentId: string }
  /** The device failed what it was given; from now on it is left alone with it for a while. */
  | { readonly kind: 'count-failure'; readonly deviceId: string };

/** What a device that asks is told. */
export type RolloutAnswer =
  /** The rollout's deployment. */
  | { readonly kind: 'forward' }
  /** The deployment that takes it back. */
  | { readonly kind: 'back' }
  /** The rollout does not concern it: whatever the cohort runs. */
  | { readonly kind: 'cohort' }
  /** It stays as it is for now. */
  | { readonly kind: 'hold'; readonly reason: string; readonly retryAtMs: number | null };

/** One line of the log in the making. */
export interface RolloutNote {
  readonly what: string;
  readonly deviceId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What follows from an event. Rollout and row are the very same objects where nothing changed. */
export interface RolloutDecision extends RolloutView {
  readonly notes: readonly RolloutNote[];
  readonly effects: readonly RolloutEffect[];
  /** Only for a device that asks. */
  readonly answer: RolloutAnswer | null;
}

/** Nothing happens. */
export function unchanged(
  { rollout, row }: RolloutView,
  answer: RolloutAnswer | null = null,
): RolloutDecision {
  return { rollout, row, notes: [], effects: [], answer };
}
