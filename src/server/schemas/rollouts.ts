import { z } from 'zod';
import { ROLLOUT_DEVICE_STATES, ROLLOUT_STATES } from '../../fleet/index.ts';
import { anyId, components, facts, moment, revision } from './common.ts';

/** Where a device of a rollout can stand. */
export const deviceState = z.enum(ROLLOUT_DEVICE_STATES);

const windowSchema = z.strictObject({
  fromMinute: z.int().min(0).max(1439),
  toMinute: z.int().min(0).max(1439),
  timeZone: z.string().min(1).max(64),
});

const LONGEST_MS = 366 * 24 * 60 * 60 * 1000;
const duration = z.int().min(0).max(LONGEST_MS);
const percent = z.number().min(0).max(100);

/** See `RolloutPlan`; every field of it may be left out. */
export const newRolloutSchema = z.strictObject({
  deploymentId: anyId.optional().describe('What is delivered.'),
  components: components
    .optional()
    .describe('Instead of it: artifacts, for a new deployment that starts with its rollout.'),
  cohortId: anyId,
  canaryPercent: percent.optional(),
  stepPercent: percent.nullable().optional(),
  phaseMs: duration.nullable().optional(),
  failureThresholdPercent: percent.optional(),
  minSample: z.int().min(0).max(1_000_000).optional(),
  soakMs: duration.optional(),
  deviceTimeoutMs: duration.optional(),
  rollbackDeploymentId: anyId.nullable().optional(),
  autoRollback: z.boolean().optional(),
  window: windowSchema.nullable().optional(),
  maxConcurrent: z.int().min(1).max(1_000_000).nullable().optional(),
  supersede: z
    .boolean()
    .optional()
    .describe('Ends an unfinished rollout of the same cohort instead of being refused.'),
});

const planSchema = z.object({
  canaryPercent: z.number(),
  stepPercent: z.number().nullable(),
  phaseMs: z.number().nullable(),
  failureThresholdPercent: z.number(),
  minSample: z.int(),
  soakMs: z.number(),
  deviceTimeoutMs: z.number(),
  rollbackDeploymentId: z.string().nullable(),
  autoRollback: z.boolean(),
  window: windowSchema.nullable(),
  maxConcurrent: z.int().nullable(),
});

const by = z.enum(['operator', 'threshold']);
const stateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('pending') }),
  z.object({ kind: z.literal('active') }),
  z.object({ kind: z.literal('paused'), by, reason: z.string() }),
  z.object({ kind: z.literal('rolling-back'), by, reason: z.string(), deploymentId: z.string() }),
  z.object({ kind: z.literal('completed'), atMs: moment }),
  z.object({
    kind: z.literal('failed'),
    atMs: moment,
    reason: z.string(),
    rolledBack: z.boolean(),
    deploymentId: z.string().nullable(),
  }),
]);

/** The states of a rollout, for filters. */
export const rolloutState = z.enum(ROLLOUT_STATES);

/** See `Rollout`. */
export const rolloutSchema = z.object({
  rolloutId: z.string(),
  deploymentId: z.string(),
  cohortId: z.string(),
  plan: planSchema,
  state: stateSchema,
  phase: z.int().min(0),
  percent: z.number(),
  cut: z.string(),
  phaseStartedAtMs: moment,
  nextPhaseAtMs: moment.nullable(),
  waitsFor: z
    .string()
    .nullable()
    .describe('What the next phase waits for, or the end, beside its time; null for nothing.'),
  counters: z.object(
    Object.fromEntries(ROLLOUT_DEVICE_STATES.map((state) => [state, z.int().min(0)])) as Record<
      (typeof ROLLOUT_DEVICE_STATES)[number],
      z.ZodInt
    >,
  ),
  retrying: z.int().min(0),
  members: z.int().min(0),
  supersedes: z.string().nullable(),
  startedAtMs: moment,
  createdAtMs: moment,
  revision,
});

/** See `RolloutDevice`. */
export const rolloutDeviceSchema = z.object({
  rolloutId: z.string(),
  deviceId: z.string(),
  state: deviceState,
  reason: z.string(),
  sinceMs: moment,
  direction: z.enum(['forward', 'back']),
  attempts: z.int().min(0),
  dueAtMs: moment.nullable(),
  cameFrom: z.record(z.string(), z.string()),
});

/** See `RolloutLogEntry`. */
export const rolloutLogSchema = z.object({
  rolloutId: z.string(),
  position: z.int(),
  atMs: moment,
  deviceId: z.string().nullable(),
  what: z.string(),
  data: facts,
});
