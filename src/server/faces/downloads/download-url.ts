import type { DeviceContact, PackageAssignment } from '../../../fleet/index.ts';
import { artifactFileName, LONGEST_URL } from '../../../serve/index.ts';
import type { FaceContext } from '../face.ts';
import type { FaceRequest } from '../face-request.ts';
import { mintDeviceLink } from './device-link.ts';

const STEP_MS = 12 * 60 * 60 * 1000;
const SHORT_NAME = 'fw.bin';

/** When URLs that are made now stop working: in 12 to 24 hours, and the same for all of a step. */
export function linkExpiry(nowMs: number): number {
  // In steps, so that a device that asks again is given the very same URL and may go on with it.
  return (Math.floor(nowMs / STEP_MS) + 2) * STEP_MS;
}

/** The URL of an assigned artifact, for this device only; it fits into a device's buffer. */
export function downloadUrl(
  context: FaceContext,
  request: FaceRequest,
  { device, atMs }: DeviceContact,
  { artifactId, packageId, version }: PackageAssignment & { readonly kind: 'update' },
): string {
  const token = mintDeviceLink(
    context.tokenKey,
    { artifactId, deviceId: device.deviceId },
    linkExpiry(atMs),
  );
  const stem = `${context.baseUrl(request)}/d/${token}/`;
  const url = stem + artifactFileName(`${packageId}-${version}.bin`);
  return url.length <= LONGEST_URL ? url : stem + SHORT_NAME;
}
