import { z } from 'zod';
import { moment, revision } from './common.ts';
import { rolloutDeviceSchema } from './rollouts.ts';

/** See `Device`; of the credential only when it was made. */
export const deviceSchema = z.object({
  deviceId: z.string(),
  name: z.string(),
  blueprintId: z.string().nullable(),
  cohortId: z.string().nullable(),
  tags: z.array(z.string()),
  enabled: z.boolean(),
  pinnedDeploymentId: z.string().nullable(),
  credential: z.object({ createdAtMs: moment }).nullable(),
  reported: z.record(
    z.string(),
    z.object({
      version: z.string(),
      imageHash: z.string().nullable(),
      reportedAtMs: moment,
      bootedAtMs: moment.nullable(),
    }),
  ),
  secureVersion: z.int().nullable(),
  lastSeenAtMs: moment.nullable(),
  lastBootedAtMs: moment.nullable(),
  createdAtMs: moment,
  revision,
});

/** A device with its secret, which is shown once. */
export const deviceWithSecretSchema = z.object({ device: deviceSchema, secret: z.string() });

/** See `DeviceExplanation`. */
export const explanationSchema = z.object({
  deploymentId: z.string().nullable(),
  source: z.enum(['pinned', 'rollout', 'cohort', 'release', 'none']),
  packages: z.array(
    z.object({
      packageId: z.string(),
      reported: z.string().nullable(),
      target: z.string().nullable(),
      why: z.string(),
    }),
  ),
  history: z.array(rolloutDeviceSchema),
});
