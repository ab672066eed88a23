import type { FleetContext } from '../context.ts';
import { mustExist } from '../entity.ts';
import type { DeviceExplanation } from '../fleet.ts';
import { assignmentOf } from './assignment-of.ts';
import type { FleetCache } from './fleet-cache.ts';
import { desiredOf, preview } from './outlook.ts';

const HISTORY = 20;

/**
 * What a device should run and why, in words; looks only, and gives nothing to anybody.
 *
 * @throws FleetError `fleet/not-found`
 */
export async function explainDevice(
  context: FleetContext,
  cache: FleetCache,
  deviceId: string,
): Promise<DeviceExplanation> {
  const { read } = context.store;
  const device = mustExist(await read.devices.get(deviceId), 'device', deviceId);
  const word = await preview(context, cache, device, { kind: 'ask' });
  const desired = await desiredOf(cache, device, word);
  const kit = desired.deploymentId === null ? null : await cache.kit(desired.deploymentId);
  const { packages } = assignmentOf(device, desired, kit, context.clock.now());
  const versions = new Map(
    kit?.parts.map(({ component }) => [component.packageId, component.version]),
  );
  return {
    deploymentId: desired.deploymentId,
    source: desired.source,
    packages: packages.map((one) => ({
      packageId: one.packageId,
      reported: device.reported[one.packageId]?.version ?? null,
      target: versions.get(one.packageId) ?? null,
      why:
        one.kind === 'up-to-date'
          ? 'up to date'
          : one.kind === 'wait'
            ? `waits: ${one.reason}`
            : `takes ${one.version} when it next asks`,
    })),
    history: await read.rolloutDevices.historyOf(deviceId, HISTORY),
  };
}
