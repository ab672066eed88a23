import { z } from 'zod';
import { type Artifact, type Fleet, FleetError, type Rollout } from '../../fleet/index.ts';
import { OPERATORS, READERS, UPLOADERS } from '../access/roles.ts';
import { anyId, chosenId, releaseNotes, sha256, version } from '../schemas/common.ts';
import { coreMSignature } from './core-m-signature.ts';
import { oneRollout, rolloutSteps } from './rollout-steps.ts';
import { rolloutView } from './rollout-view.ts';
import { defineRoute } from './route.ts';

const FETCH_RETRY_MS = 5000;

const rolloutAnswer = z.object({
  rollout_id: z.string(),
  status: z.enum(['pending', 'active', 'paused', 'rolling_back', 'completed', 'failed']),
  canary_percent: z.number(),
  scheduled_count: z.int().min(0),
});

const packageAnswer = z.object({
  package_id: z.string(),
  status: z.literal('available'),
  checksum_verified: z.literal(true),
});

const percent = z.number().min(0).max(100);

/**
 * The same fleet under the paths and field names of the CORE-M service: what it calls a package is an
 * artifact here, and a target profile is a cohort.
 */
export const CORE_M_ROUTES = [
  defineRoute({
    method: 'POST',
    path: '/ota/packages',
    id: 'coreMAddPackage',
    summary: 'CORE-M: have an artifact fetched; it is available once its checksum has proved right',
    roles: UPLOADERS,
    body: z.strictObject({
      name: chosenId
        .optional()
        .describe(
          'The package; by default `main` for `fw`, `software` for `sw`. Made when missing.',
        ),
      type: z.enum(['fw', 'sw']).default('fw'),
      version,
      artifact_uri: z.string().min(1).max(2048),
      sha256,
      size_bytes: z.int().min(1).optional(),
      signature: z
        .string()
        .min(1)
        .max(256)
        .optional()
        .describe('Base64, over the canonical manifest.'),
      key_id: z
        .string()
        .max(64)
        .optional()
        .describe('Which key signed; may be left out where there is one.'),
      signature_sequence: z.int().min(0).max(2_147_483_647).default(0),
      compatibility: z
        .strictObject({
          device_type: z.union([anyId, z.array(anyId).max(64)]).optional(),
          min_version: version.optional(),
        })
        .optional(),
      release_notes: releaseNotes.optional(),
    }),
    idempotent: true,
    // Where the package is made first, that is a change of its own, which answers nothing.
    ofChange: (made) => ('artifactId' in (made as object) ? added(made as Artifact) : null),
    answer: { status: 201, schema: packageAnswer },
    handle: async ({ fleet, services, actor, body, signal }) => {
      using _place = services.uploads.enter(FETCH_RETRY_MS);
      const packageId = body.name ?? (body.type === 'fw' ? 'main' : 'software');
      const signatures = await coreMSignature(fleet, body);
      await ensurePackage(fleet, actor, packageId, body.type);
      const { device_type: types = [], min_version: minVersion } = body.compatibility ?? {};
      const fields = {
        packageId,
        version: body.version,
        sha256: body.sha256,
        blueprintIds: typeof types === 'string' ? [types] : types,
        signatures,
        ...(body.size_bytes === undefined ? {} : { sizeBytes: body.size_bytes }),
        ...(minVersion === undefined ? {} : { minVersion }),
        ...(body.release_notes === undefined ? {} : { releaseNotes: body.release_notes }),
      };
      return added(await fleet.artifacts.fetch(actor, fields, body.artifact_uri, signal));
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/ota/rollouts',
    id: 'coreMStartRollout',
    summary: 'CORE-M: roll an artifact out to a cohort',
    roles: OPERATORS,
    body: z.strictObject({
      package_id: anyId.describe('An artifact.'),
      target_profile_id: anyId.describe('A cohort.'),
      canary_percent: percent.optional(),
      failure_threshold_percent: percent.optional(),
      rollback_package_id: anyId.optional().describe('The artifact to go back to.'),
    }),
    idempotent: true,
    ofChange: (made) => answerOf(made as Rollout),
    answer: { status: 201, schema: rolloutAnswer },
    handle: async ({ fleet, actor, body }) => {
      const rollout = await fleet.rollouts.start(actor, {
        cohortId: body.target_profile_id,
        components: [body.package_id],
        keepOthers: true,
        ...(body.canary_percent === undefined ? {} : { canaryPercent: body.canary_percent }),
        ...(body.failure_threshold_percent === undefined
          ? {}
          : { failureThresholdPercent: body.failure_threshold_percent }),
        ...(body.rollback_package_id === undefined
          ? {}
          : { rollbackComponents: [body.rollback_package_id] }),
      });
      return answerOf(rollout);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/ota/rollouts/{rolloutId}',
    id: 'coreMGetRollout',
    summary: 'CORE-M: where a rollout stands',
    roles: READERS,
    params: oneRollout,
    answer: { status: 200, schema: rolloutAnswer },
    handle: async ({ fleet, params }) => answerOf(await fleet.rollouts.get(params.rolloutId)),
  }),
  ...rolloutSteps({ root: '/ota/rollouts', schema: rolloutAnswer, present: answerOf }, [
    { verb: 'pause', id: 'coreMPauseRollout', summary: 'CORE-M: pause a rollout' },
    { verb: 'resume', id: 'coreMResumeRollout', summary: 'CORE-M: resume a rollout' },
    { verb: 'rollback', id: 'coreMRollBackRollout', summary: 'CORE-M: take the devices back' },
  ]),
];

function added({ artifactId }: Artifact) {
  return { package_id: artifactId, status: 'available', checksum_verified: true } as const;
}

function answerOf(rollout: Rollout) {
  const { rolloutId, state, plan, counters } = rolloutView(rollout);
  const status = state.kind === 'rolling-back' ? 'rolling_back' : state.kind;
  return {
    rollout_id: rolloutId,
    status,
    canary_percent: plan.canaryPercent,
    scheduled_count: counters.scheduled,
  } as const;
}

async function ensurePackage(
  fleet: Fleet,
  actor: Parameters<Fleet['packages']['create']>[0],
  packageId: string,
  type: 'fw' | 'sw',
): Promise<void> {
  try {
    const kind = type === 'fw' ? 'app-image' : 'binary';
    await fleet.packages.create(actor, { packageId, kind });
  } catch (error) {
    if (!(error instanceof FleetError && error.code === 'fleet/exists')) throw error;
  }
}
