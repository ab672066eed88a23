import { FleetError } from '../codes.ts';
import type { BootReport, ProgressReport } from './device-face.ts';
import type { Device } from './device.ts';

/**
 * What is known of a device that counts its boots, and says so in its reports: a number that only rises,
 * such as a counter in NVS or the time of the boot. By it a report that somebody recorded and sends again
 * is known for what it is. Devices that never say one are believed as they are.
 */
export interface BootCounting {
  /** The highest that it said, by package: a boot may be reported package by package. */
  readonly last: Readonly<Record<string, number>>;
  /** As `package@version`: what it runs, or ran just before and may fall back to, that says no count. */
  readonly uncounted: readonly string[];
}

/**
 * Holds a boot report against the boots that are known.
 *
 * @param isExpected whether it names the version that the device is to run; asked only where it matters
 * @returns the report; as one that only repeats what runs, where it is of a boot that was reported before
 * @throws FleetError `fleet/report-outdated`
 */
export function checkBoot(
  device: Pick<Device, 'deviceId' | 'counting' | 'reported'>,
  report: BootReport,
  isExpected: boolean,
): BootReport {
  const { counting } = device;
  const { packageId, version, bootCount = null } = report;
  if (counting === undefined) return report;
  const isSame = device.reported[packageId]?.version === version;
  if (bootCount !== null) {
    const own = counting.last[packageId] ?? -1;
    if (bootCount === own && isSame) return { ...report, sinceBoot: false };
    // What is no image may be put in without a restart: then it is what was offered.
    const isNews = bootCount > own || (bootCount === own && isExpected);
    if (isNews && bootCount >= highest(counting)) return report;
    throw outdated(device.deviceId, counting, bootCount);
  }
  // Firmware that does not count yet can only be told from a recording by where it may come from.
  if (isExpected || counting.uncounted.includes(nameOf(packageId, version))) return report;
  if (isSame) return { ...report, sinceBoot: false };
  throw outdated(device.deviceId, counting, null);
}

/**
 * Holds a report of progress against the boots that are known. One without a count says nothing of when it
 * is from; it is believed, since a device that counts always says it.
 *
 * @throws FleetError `fleet/report-outdated`
 */
export function checkProgress(
  { deviceId, counting }: Pick<Device, 'deviceId' | 'counting'>,
  { bootCount = null }: ProgressReport,
): void {
  if (counting === undefined || bootCount === null || bootCount >= highest(counting)) return;
  throw outdated(deviceId, counting, bootCount);
}

/** What is known of the boots of a device after a report that was believed. */
export function countingAfter(
  { counting, reported }: Pick<Device, 'counting' | 'reported'>,
  { packageId, version, sinceBoot, bootCount = null }: BootReport,
): BootCounting | undefined {
  if (counting === undefined && bootCount === null) return undefined;
  const before = reported[packageId]?.version;
  // Saying again what runs is no boot; that it has no count does not mean that the firmware has none.
  if (bootCount === null && !sinceBoot && before === version) return counting;
  const own = nameOf(packageId, version);
  const others = (counting?.uncounted ?? []).filter((name) => !name.startsWith(`${packageId}@`));
  const uncounted = bootCount === null ? [...others, own] : others;
  const earlier = before === undefined ? own : nameOf(packageId, before);
  const fellSilent = counting === undefined || counting.uncounted.includes(earlier);
  return {
    last: { ...counting?.last, ...(bootCount !== null && { [packageId]: bootCount }) },
    uncounted: earlier !== own && fellSilent ? [...uncounted, earlier] : uncounted,
  };
}

function highest({ last }: BootCounting): number {
  return Math.max(...Object.values(last));
}

function nameOf(packageId: string, version: string): string {
  return `${packageId}@${version}`;
}

function outdated(deviceId: string, counting: BootCounting, bootCount: number | null): FleetError {
  const last = highest(counting);
  const what = bootCount === null ? 'no boot count' : `boot count ${bootCount}`;
  return new FleetError(
    'fleet/report-outdated',
    `Device ${deviceId} has said boot count ${last}, and this report has ${what}.`,
    {
      hint: 'A recorded report is of no use. A device that lost its counter goes on from details.last, or gets a new secret.',
      details: { last, bootCount },
    },
  );
}
