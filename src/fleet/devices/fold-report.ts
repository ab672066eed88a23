import { FleetError } from '../codes.ts';
import { countingAfter } from './boot-count.ts';
import type { BootReport } from './device-face.ts';
import type { Device, ReportedPackage } from './device.ts';

/** A device that makes up package ids must not grow without bound. */
const MOST_PACKAGES = 32;

/** What a device says that it runs, as it is kept: the hash of the image, or that of its ELF file. */
export function reportedPackage(
  before: ReportedPackage | undefined,
  { version, imageHash, appElfSha256, sinceBoot }: BootReport,
  nowMs: number,
): ReportedPackage {
  const hash = imageHash ?? appElfSha256;
  const same = before !== undefined && before.version === version && before.imageHash === hash;
  const bootedBefore = same ? before.bootedAtMs : null;
  return {
    version,
    imageHash: hash,
    reportedAtMs: nowMs,
    bootedAtMs: sinceBoot ? nowMs : bootedBefore,
  };
}

/** Whether a report says what is known already. */
export function isRepeat(
  before: ReportedPackage | undefined,
  { version, imageHash, appElfSha256, sinceBoot }: BootReport,
): boolean {
  const hash = imageHash ?? appElfSha256;
  return !sinceBoot && before?.version === version && before.imageHash === hash;
}

/**
 * The device after a report; its revision is not touched yet.
 *
 * @param secureVersion of the artifact that it booted, where that is known
 * @throws FleetError `fleet/invalid` for more packages than any device has
 */
export function foldReport(
  device: Device,
  report: BootReport,
  secureVersion: number | null,
  nowMs: number,
): Device {
  const { packageId, sinceBoot } = report;
  const before = device.reported[packageId];
  if (before === undefined && Object.keys(device.reported).length >= MOST_PACKAGES) {
    throw new FleetError(
      'fleet/invalid',
      `Device ${device.deviceId} reports more than ${MOST_PACKAGES} packages.`,
      {
        hint: 'Report only what is updated over the air.',
        details: { field: 'packageId', packageId },
      },
    );
  }
  const secure = [device.secureVersion, report.secureVersion, secureVersion].filter(
    (version) => version !== null,
  );
  const counting = countingAfter(device, report);
  return {
    ...device,
    ...(counting !== undefined && { counting }),
    reported: { ...device.reported, [packageId]: reportedPackage(before, report, nowMs) },
    // A fuse never goes back, whatever a later image says of itself.
    secureVersion: secure.length === 0 ? null : Math.max(...secure),
    lastSeenAtMs: nowMs,
    lastBootedAtMs: sinceBoot ? nowMs : device.lastBootedAtMs,
  };
}
