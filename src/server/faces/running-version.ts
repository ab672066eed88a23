import type { DeviceContact } from '../../fleet/index.ts';
import type { FaceContext } from './face.ts';

/**
 * Takes note of what a device says that it runs, where the protocol has no boot report of its own. What
 * runs was booted; so another version than it reported last proves a boot, and the same one proves
 * nothing and costs nothing.
 *
 * @returns the contact, with what is known of the device now
 */
export async function noteRunning(
  { fleet }: FaceContext,
  contact: DeviceContact,
  packageId: string,
  version: string,
): Promise<DeviceContact> {
  if (contact.device.reported[packageId]?.version === version) return contact;
  await fleet.gate.booted(contact, {
    packageId,
    version,
    imageHash: null,
    appElfSha256: null,
    secureVersion: null,
    sinceBoot: true,
  });
  return (await fleet.gate.identify(contact.device.deviceId)) ?? contact;
}
