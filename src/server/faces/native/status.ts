import { z } from 'zod';
import type { ProgressReport } from '../../../fleet/index.ts';
import { ServerError } from '../../codes.ts';
import type { FaceContext } from '../face.ts';
import type { FaceDescription } from '../face-description.ts';
import type { FaceRequest } from '../face-request.ts';
import { noteRunning } from '../running-version.ts';
import { bootCount, errorText, identifier, MAIN_PACKAGE, versionText } from '../wire-shapes.ts';

/** Words of the protocol, and what they come to; `null` is a word that changes nothing. */
const STATES = {
  scheduled: null,
  idle: null,
  checking: null,
  downloading: 'downloading',
  downloaded: 'verifying',
  verifying: 'verifying',
  installing: 'installing',
  installed: 'rebooting',
  rebooting: 'rebooting',
  // Only a boot proves success: `firmware_version` beside it says what booted.
  successful: null,
  failed: 'failed',
  failure: 'failed',
  rolled_back: 'rolled-back',
} as const satisfies Readonly<Record<string, ProgressReport['state'] | null>>;

const statusBody = z.object({
  device_id: z.string().optional(),
  rollout_id: identifier.nullish(),
  package_id: identifier.default(MAIN_PACKAGE),
  status: z.enum(Object.keys(STATES) as (keyof typeof STATES)[]),
  /** What the device runs now. */
  firmware_version: versionText.nullish(),
  /** What it is moving to. */
  version: versionText.nullish(),
  error: errorText.nullish(),
  /** Percent. */
  progress: z.number().min(0).max(100).nullish(),
  /** Of the boot that it runs since, as in its boot report. */
  boot_count: bootCount.nullish(),
});

/** For the OpenAPI document. */
export const STATUS: FaceDescription = {
  id: 'deviceReportStatus',
  summary: 'How far an update is',
  credential: 'device',
  body: { 'application/json': statusBody },
  answers: { 204: { description: 'Noted.' } },
};

/** `POST /api/v1/devices/{id}/ota/status`: how far an update is. Answers 204. */
export async function takeStatus(context: FaceContext, request: FaceRequest): Promise<void> {
  const deviceId = request.params['deviceId'] ?? '';
  const contact = await context.authenticate(request, deviceId);
  const report = await request.json(statusBody);
  if (report.device_id !== undefined && report.device_id !== deviceId) {
    throw new ServerError('server/invalid-request', 'device_id is not the device of the path', {
      hint: 'Leave device_id out: the path says it.',
    });
  }
  const { package_id: packageId, firmware_version: running, status } = report;
  const state = STATES[status];
  if (state !== null) {
    await context.fleet.gate.progress(contact, {
      packageId,
      rolloutId: report.rollout_id ?? null,
      targetVersion: report.version ?? null,
      state,
      error: report.error ?? null,
      percent: report.progress ?? null,
      bootCount: report.boot_count ?? null,
    });
  }
  if (status === 'successful' && typeof running === 'string') {
    await noteRunning(context, contact, packageId, running, report.boot_count ?? null);
  }
  request.exchange.answer(204, [], '');
}
