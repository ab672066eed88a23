import { hashSecret, newSecret } from '../access/secret.ts';
import type { Change } from '../change.ts';
import { FleetError } from '../codes.ts';
import type { FleetContext } from '../context.ts';
import { checkRevision, checkText, mustExist, revise } from '../entity.ts';
import type { DeviceService } from '../fleet.ts';
import { checkChosenId } from '../ids.ts';
import type { Repositories } from '../repositories.ts';
import { leaveRollout } from '../rollouts/leave-rollout.ts';
import { checkTags } from '../tags/check-tags.ts';
import type { Device } from './device.ts';

const LONGEST_NAME = 200;
const MOST_TAGS = 50;

/** What is chosen about a device when it is made. */
export type NewDevice = Pick<Device, 'deviceId'> &
  Partial<Pick<Device, 'name' | 'blueprintId' | 'cohortId' | 'tags'>>;

/** Boards, their groups and credentials. What a device should run is explained elsewhere. */
export function createDeviceService(context: FleetContext): Omit<DeviceService, 'explain'> {
  const { store, change, randomBytes } = context;
  const { devices } = store.read;
  return {
    get: async (deviceId) => mustExist(await devices.get(deviceId), 'device', deviceId),
    list: (filter, page) => devices.list(filter, page),
    create: (actor, fields) => change(actor, (within) => insertDevice(within, randomBytes, fields)),
    update: (actor, deviceId, { revision, addTags, removeTags, ...changes }) =>
      change(actor, async (within) => {
        const { repositories } = within;
        const before = mustExist(await repositories.devices.get(deviceId), 'device', deviceId);
        const tags =
          addTags === undefined && removeTags === undefined
            ? undefined
            : await checkTags(
                repositories,
                checkTagCount([...before.tags, ...(addTags ?? [])]).filter(
                  (tag) => !removeTags?.includes(tag),
                ),
              );
        if (changes.name !== undefined) checkText('name', changes.name, LONGEST_NAME);
        await checkReferences(repositories, changes);
        const after = revise(before, { ...changes, tags }, revision);
        await repositories.devices.update(after);
        within.audit('device.update', `device/${deviceId}`, { ...changes, addTags, removeTags });
        if (after.cohortId !== before.cohortId) {
          await leaveRollout(within, randomBytes, before, `left cohort ${before.cohortId}`);
        } else if (before.enabled && !after.enabled) {
          await leaveRollout(within, randomBytes, before, 'the device was disabled');
        }
        tellMove(within, before, after);
        within.news([deviceId]);
        return after;
      }),
    rotateSecret: (actor, deviceId) =>
      change(actor, async ({ repositories, audit, event, atMs }) => {
        const before = mustExist(await repositories.devices.get(deviceId), 'device', deviceId);
        const secret = newSecret('otd', randomBytes);
        const credential = {
          secretHash: hashSecret(secret),
          // A previous secret that still counts is what the device has: the one after it was never used.
          previousSecretHash:
            before.credential?.previousSecretHash ?? before.credential?.secretHash ?? null,
          createdAtMs: atMs,
        };
        const device = revise(before, { credential }, undefined);
        await repositories.devices.update(device);
        audit('device.rotate-secret', `device/${deviceId}`);
        event('device.secret-rotated', { deviceId });
        return { device, secret };
      }),
    remove: (actor, deviceId, revision) =>
      change(actor, async (within) => {
        const { repositories, audit, event, news } = within;
        const device = mustExist(await repositories.devices.get(deviceId), 'device', deviceId);
        checkRevision(device, revision);
        await leaveRollout(within, randomBytes, device, 'the device was removed');
        await repositories.devices.delete(deviceId);
        audit('device.remove', `device/${deviceId}`);
        event('device.removed', { deviceId });
        news([deviceId]);
      }),
  };
}

/** Stores a new device with a new secret, as part of a larger change. */
export async function insertDevice(
  within: Change,
  randomBytes: FleetContext['randomBytes'],
  { deviceId, name = '', blueprintId = null, cohortId = null, tags = [] }: NewDevice,
): Promise<{ readonly device: Device; readonly secret: string }> {
  const { repositories, atMs } = within;
  checkChosenId('deviceId', deviceId);
  await checkReferences(repositories, { blueprintId, cohortId });
  const secret = newSecret('otd', randomBytes);
  const device: Device = {
    deviceId,
    name: checkText('name', name, LONGEST_NAME),
    blueprintId,
    cohortId,
    tags: await checkTags(repositories, checkTagCount(tags)),
    enabled: true,
    pinnedDeploymentId: null,
    credential: { secretHash: hashSecret(secret), previousSecretHash: null, createdAtMs: atMs },
    reported: {},
    failures: {},
    secureVersion: null,
    lastSeenAtMs: null,
    lastBootedAtMs: null,
    createdAtMs: atMs,
    revision: 1,
  };
  await repositories.devices.insert(device);
  within.audit('device.create', `device/${deviceId}`, { blueprintId, cohortId, tags });
  within.event('device.created', { deviceId, data: { blueprintId, cohortId } });
  return { device, secret };
}

/** Everything that a device names has to be there. */
async function checkReferences(
  { blueprints, cohorts, deployments }: Repositories,
  { blueprintId, cohortId, pinnedDeploymentId }: Partial<Device>,
): Promise<void> {
  const named = (id: string | null | undefined): id is string => (id ?? null) !== null;
  if (named(blueprintId)) mustExist(await blueprints.get(blueprintId), 'blueprint', blueprintId);
  if (named(cohortId)) mustExist(await cohorts.get(cohortId), 'cohort', cohortId);
  if (named(pinnedDeploymentId)) {
    mustExist(await deployments.get(pinnedDeploymentId), 'deployment', pinnedDeploymentId);
  }
}

function checkTagCount(tags: readonly string[]): readonly string[] {
  if (tags.length <= MOST_TAGS) return tags;
  throw new FleetError('fleet/invalid', `${tags.length} tags, and ${MOST_TAGS} is the most.`, {
    hint: 'Take away those that select nothing.',
    details: { field: 'tags', count: tags.length },
  });
}

function tellMove({ event }: Change, before: Device, after: Device): void {
  const { deviceId } = after;
  const data = { from: before.cohortId, to: after.cohortId };
  if (before.cohortId !== after.cohortId) event('device.moved', { deviceId, data });
  if (before.enabled !== after.enabled) {
    event(after.enabled ? 'device.enabled' : 'device.disabled', { deviceId });
  }
}
