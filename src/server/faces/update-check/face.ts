import { z } from 'zod';
import type { PackageAssignment, ProgressReport } from '../../../fleet/index.ts';
import { parseQuery } from '../../api/query.ts';
import { downloadUrl } from '../downloads/download-url.ts';
import type { CreateFace, FaceContext } from '../face.ts';
import type { FaceDescription } from '../face-description.ts';
import type { FaceRequest } from '../face-request.ts';
import { seconds } from '../native/ota-answer.ts';
import { noteRunning } from '../running-version.ts';
import { bootCount, errorText, identifier, MAIN_PACKAGE, versionText } from '../wire-shapes.ts';

const checkQuery = z.object({
  device_id: identifier.optional().describe('Not needed where the credential has it.'),
  current_version: versionText,
  package_id: identifier.default(MAIN_PACKAGE),
  boot_count: bootCount.optional(),
});

/**
 * The states of the guide. Its agent says `completed` before it restarts, so that is no more than
 * `rebooting`; what proves the update is the version of its next check.
 */
const STATES = {
  pending: null,
  downloading: 'downloading',
  verifying: 'verifying',
  installing: 'installing',
  completed: 'rebooting',
  failed: 'failed',
  rolled_back: 'rolled-back',
} as const satisfies Readonly<Record<string, ProgressReport['state'] | null>>;

const statusBody = z.object({
  device_id: identifier,
  deployment_id: identifier.nullish(),
  package_id: identifier.default(MAIN_PACKAGE),
  status: z.enum(Object.keys(STATES) as (keyof typeof STATES)[]),
  error: errorText.nullish(),
  boot_count: bootCount.nullish(),
});

const checkAnswer = z.object({
  update_available: z.boolean(),
  update: z
    .object({
      deployment_id: z
        .string()
        .nullable()
        .describe('What the guide calls a deployment is a rollout here, where there is one.'),
      artifact_id: z.string(),
      version: z.string(),
      download_url: z.string(),
      size_bytes: z.int().min(0),
      sha256_hash: z.string(),
      signature: z.string().nullable(),
    })
    .nullable(),
});

const CHECK: FaceDescription = {
  id: 'deviceCheckForUpdate',
  summary: 'The update check of the staged-deployment guide',
  credential: 'device',
  query: checkQuery,
  answers: {
    200: {
      description: 'Whether there is an update.',
      content: { 'application/json': checkAnswer },
    },
  },
};

const STATUS: FaceDescription = {
  id: 'deviceReportUpdateStatus',
  summary: 'How far an update is, in the states of the guide',
  credential: 'device',
  body: { 'application/json': statusBody },
  answers: {
    200: {
      description: 'Noted.',
      content: { 'application/json': z.object({ status: z.literal('ok') }) },
    },
  },
};

const ROLLOUT_PREFIX = 'rol_';

/**
 * The protocol of the staged-deployment guide, with its field names and states:
 * `GET /api/updates/check?device_id=&current_version=` and `POST /api/updates/status`. Unlike there, with
 * the device's own credential, and with versions compared as versions.
 */
export const createUpdateCheckFace: CreateFace = (context) => ({
  name: 'update-check',
  routes: [
    {
      method: 'GET',
      path: '/api/updates/check',
      description: CHECK,
      handle: (request) => check(context, request),
    },
    {
      method: 'POST',
      path: '/api/updates/status',
      description: STATUS,
      handle: (request) => status(context, request),
    },
  ],
});

async function check(context: FaceContext, request: FaceRequest): Promise<void> {
  const contact = await context.authenticate(request, request.query.get('device_id'));
  const query = parseQuery(checkQuery, request.query);
  const { package_id: packageId, current_version: version, boot_count = null } = query;
  const known = await noteRunning(context, contact, packageId, version, boot_count);
  const { deploymentId, packages, pollAfterMs } = await context.fleet.gate.assignment(known);
  const update = packages.find(
    (one): one is PackageAssignment & { readonly kind: 'update' } =>
      one.kind === 'update' && one.packageId === packageId,
  );
  request.answerJson(
    200,
    {
      update_available: update !== undefined,
      update:
        update === undefined
          ? null
          : {
              // What the guide calls a deployment is what we call a rollout, where there is one.
              deployment_id: update.rolloutId ?? deploymentId,
              artifact_id: update.artifactId,
              version: update.version,
              download_url: downloadUrl(context, request, known, update),
              size_bytes: update.sizeBytes,
              sha256_hash: update.sha256,
              signature: update.signatures[0]?.signature ?? null,
            },
    } satisfies z.input<typeof checkAnswer>,
    [['Retry-After', String(seconds(pollAfterMs))]],
  );
}

async function status(context: FaceContext, request: FaceRequest): Promise<void> {
  const report = await request.json(statusBody);
  const contact = await context.authenticate(request, report.device_id);
  const state = STATES[report.status];
  const { deployment_id: id } = report;
  if (state !== null) {
    await context.fleet.gate.progress(contact, {
      packageId: report.package_id,
      rolloutId: id?.startsWith(ROLLOUT_PREFIX) === true ? id : null,
      targetVersion: null,
      state,
      error: report.error ?? null,
      percent: null,
      bootCount: report.boot_count ?? null,
    });
  }
  request.answerJson(200, { status: 'ok' });
}
