import { FleetError } from '../codes.ts';
import type { RolloutPlan } from './rollout.ts';
import { deviceCount } from './rank.ts';
import { isTimeZone } from './window.ts';

/** Failures among fewer finished devices say little, where the canary is large enough to have more. */
const DEFAULT_MIN_SAMPLE = 10;
const HOUR_MS = 60 * 60_000;
const LONGEST_MS = 366 * 24 * HOUR_MS;

/**
 * The plan of a rollout with everything filled in that was not said.
 *
 * @param members devices in the cohort, disabled ones left out
 * @param activeDeploymentId what the cohort runs, to go back to
 * @throws FleetError `fleet/invalid`
 */
export function planRollout(
  fields: Partial<RolloutPlan>,
  members: number,
  activeDeploymentId: string | null,
): RolloutPlan {
  const canaryPercent = fields.canaryPercent ?? 5;
  const plan: RolloutPlan = {
    canaryPercent,
    stepPercent: fields.stepPercent === undefined ? 10 : fields.stepPercent,
    phaseMs: fields.phaseMs === undefined ? 4 * HOUR_MS : fields.phaseMs,
    failureThresholdPercent: fields.failureThresholdPercent ?? 5,
    minSample:
      fields.minSample ??
      Math.max(1, Math.min(DEFAULT_MIN_SAMPLE, deviceCount(canaryPercent, members))),
    soakMs: fields.soakMs ?? HOUR_MS / 6,
    deviceTimeoutMs: fields.deviceTimeoutMs ?? HOUR_MS,
    rollbackDeploymentId:
      fields.rollbackDeploymentId === undefined ? activeDeploymentId : fields.rollbackDeploymentId,
    autoRollback: fields.autoRollback ?? false,
    window: fields.window ?? null,
    maxConcurrent: fields.maxConcurrent ?? null,
  };
  check(plan);
  return plan;
}

function check(plan: RolloutPlan): void {
  percentage('canaryPercent', plan.canaryPercent, 0.01);
  if (plan.stepPercent !== null) percentage('stepPercent', plan.stepPercent, 0.01);
  percentage('failureThresholdPercent', plan.failureThresholdPercent, 0);
  if (plan.phaseMs !== null) whole('phaseMs', plan.phaseMs, 1, LONGEST_MS);
  whole('minSample', plan.minSample, 0, 1_000_000_000);
  whole('soakMs', plan.soakMs, 0, LONGEST_MS);
  whole('deviceTimeoutMs', plan.deviceTimeoutMs, 1, LONGEST_MS);
  if (plan.maxConcurrent !== null) whole('maxConcurrent', plan.maxConcurrent, 1, 1_000_000_000);
  if (plan.window === null) return;
  whole('window.fromMinute', plan.window.fromMinute, 0, 1439);
  whole('window.toMinute', plan.window.toMinute, 0, 1439);
  if (!isTimeZone(plan.window.timeZone)) {
    throw new FleetError(
      'fleet/invalid',
      `window.timeZone ${JSON.stringify(plan.window.timeZone.slice(0, 80))} is no time zone.`,
      {
        hint: 'Take an IANA name, such as Europe/Berlin or UTC.',
        details: { field: 'window.timeZone' },
      },
    );
  }
}

function percentage(field: string, value: number, least: number): void {
  if (value >= least && value <= 100) return;
  throw new FleetError('fleet/invalid', `${field} is ${value}, not from ${least} to 100.`, {
    hint: 'Give percent, such as 5.',
    details: { field, value },
  });
}

function whole(field: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new FleetError(
    'fleet/invalid',
    `${field} is ${value}, not a whole number from ${least} to ${most}.`,
    { hint: `Give whole numbers from ${least} to ${most}.`, details: { field, value } },
  );
}
