import type { Delivery } from '../deployments/deployment.ts';

/** How a rollout goes ahead and when it stops. All of it is fixed when the rollout starts. */
export interface RolloutPlan {
  readonly canaryPercent: number;
  /** Added at each phase after the canary; `null` goes from the canary to everybody. */
  readonly stepPercent: number | null;
  /**
   * From one phase to the next, at least: a phase also waits for the devices under way, for half of those
   * that it covers, and for a first success. `null`: only by hand.
   */
  readonly phaseMs: number | null;
  /** Failed devices in percent of the finished ones *above* which the rollout stops. */
  readonly failureThresholdPercent: number;
  /** Devices that have finished or are in their soak, below which the threshold says nothing. */
  readonly minSample: number;
  /** A device that booted the target must still run it after this long to count as succeeded. */
  readonly soakMs: number;
  /** From being offered to having booted; sleeping devices that never asked are not counted. */
  readonly deviceTimeoutMs: number;
  /** Back to these artifacts; by default what the cohort ran before. `null`: there is no way back. */
  readonly rollbackDeploymentId: string | null;
  readonly autoRollback: boolean;
  readonly window: MaintenanceWindow | null;
  /** Devices between offered and booted at the same time. */
  readonly maxConcurrent: number | null;
}

/** What is said of a rollout to start it; fields of the plan that are left out have defaults. */
export interface RolloutRequest extends Delivery, Partial<RolloutPlan> {
  readonly cohortId: string;
  /** Ends an unfinished rollout of the cohort, rather than being refused because of it. */
  readonly supersede?: boolean;
  /** The components come into what the cohort runs of other packages, which stays as it is. */
  readonly keepOthers?: boolean;
  /** Back to these components instead of to `rollbackDeploymentId`, in the same way. */
  readonly rollbackComponents?: readonly string[];
}

/** A daily window in which devices are offered something new; may pass midnight. */
export interface MaintenanceWindow {
  /** Minutes after midnight, 0 to 1439. */
  readonly fromMinute: number;
  readonly toMinute: number;
  /** An IANA time zone. */
  readonly timeZone: string;
}

/** Where a rollout can stand. */
export const ROLLOUT_STATES = [
  'pending',
  'active',
  'paused',
  'rolling-back',
  'completed',
  'failed',
] as const satisfies readonly RolloutState['kind'][];

/** Where a rollout stands, with the reason where one is due. */
export type RolloutState =
  | { readonly kind: 'pending' }
  | { readonly kind: 'active' }
  | { readonly kind: 'paused'; readonly by: 'operator' | 'threshold'; readonly reason: string }
  | {
      readonly kind: 'rolling-back';
      readonly by: 'operator' | 'threshold';
      readonly reason: string;
      /** The new deployment with the old artifacts. */
      readonly deploymentId: string;
    }
  | { readonly kind: 'completed'; readonly atMs: number }
  | {
      readonly kind: 'failed';
      readonly atMs: number;
      readonly reason: string;
      /** Whether the devices that had updated were taken back. */
      readonly rolledBack: boolean;
      /** What took them back, for devices that wake up later; `null` where nothing did. */
      readonly deploymentId: string | null;
    };

/** The staged delivery of one deployment to one cohort. */
export interface Rollout {
  readonly rolloutId: string;
  readonly deploymentId: string;
  readonly cohortId: string;
  readonly plan: RolloutPlan;
  readonly state: RolloutState;
  /** 0 is the canary. */
  readonly phase: number;
  /** How much of the cohort is in. Never falls. */
  readonly percent: number;
  /**
   * Devices whose rank is at or below it are in. Ranks are a stable hash of rollout and device, as 16
   * lower-case hex digits, so that plain string comparison orders them; the cut is the rank of the last
   * device that the percentage covers, which makes 5 % of ten devices one device. `''` while it covers
   * nobody, because nobody was in the cohort yet.
   */
  readonly cut: string;
  readonly phaseStartedAtMs: number;
  /** Of one that began with nobody: when it chooses from the devices that have joined since. */
  readonly nextPhaseAtMs: number | null;
  readonly counters: RolloutCounters;
  /** Devices under way again after they had failed: for the threshold they still count as failed. */
  readonly retrying: number;
  /** Devices in the cohort when the present phase began, and those that left it in this rollout. */
  readonly members: number;
  /** The rollout that this one replaced; devices outside the cut then stay on what they have. */
  readonly supersedes: string | null;
  readonly startedAtMs: number;
  readonly createdAtMs: number;
  readonly revision: number;
}

/** How many devices are in which state; kept with each change, so that nobody has to count. */
export type RolloutCounters = Readonly<Record<RolloutDeviceState, number>>;

/** Where one device can stand in a rollout, in the order in which it goes through them. */
export const ROLLOUT_DEVICE_STATES = [
  'scheduled',
  'offered',
  'downloading',
  'verifying',
  'installing',
  'rebooting',
  /** Booted the target, waiting out the soak time. */
  'soaking',
  'succeeded',
  'failed',
  'rolled-back',
  'timed-out',
  'skipped',
] as const;

/** Where one device stands in a rollout. */
export type RolloutDeviceState = (typeof ROLLOUT_DEVICE_STATES)[number];

/** One device in one rollout; made at its first contact, since membership is computed. */
export interface RolloutDevice {
  readonly rolloutId: string;
  readonly deviceId: string;
  readonly state: RolloutDeviceState;
  /** Why it is in that state, in a sentence. */
  readonly reason: string;
  readonly sinceMs: number;
  /** `forward` to the rollout's deployment, `back` to the one that takes it back. */
  readonly direction: 'forward' | 'back';
  /** How often it was offered; a retry by hand begins anew. */
  readonly attempts: number;
  /** When it has to be looked at by itself: a soak that ends, a timeout, a penalty that is over. */
  readonly dueAtMs: number | null;
  /** What it ran before, by package, to recognise a fall-back; one empty name where it never said. */
  readonly cameFrom: Readonly<Record<string, string>>;
}
