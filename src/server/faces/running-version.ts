import type { DeviceContact } from '../../fleet/index.ts';
import type { FaceContext } from './face.ts';

/**
 * Takes note of what a device says that it runs, where the protocol has no boot report of its own. What
 * runs was booted; so another version than it reported last proves a boot. The same one proves none, but
 * that the device still runs it.
 *
 * @returns the contact, with what is known of the device now
 */
export async function noteRunning(
  { fleet }: FaceContext,
  contact: DeviceContact,
  packageId: string,
  version: string,
  bootCount: number | null,
): Promise<DeviceContact> {
  const isSame = contact.device.reported[packageId]?.version === version;
  await fleet.gate.booted(contact, {
    packageId,
    version,
    imageHash: null,
    appElfSha256: null,
    secureVersion: null,
    sinceBoot: !isSame,
    bootCount,
  });
  if (isSame) return contact;
  return (await fleet.gate.identify(contact.device.deviceId)) ?? contact;
}
