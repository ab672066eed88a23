import { hashSecret, sameHash } from '../access/secret.ts';
import { FleetError } from '../codes.ts';
import type { FleetContext } from '../context.ts';
import { assignmentOf } from '../desired/assignment-of.ts';
import type { FleetCache } from '../desired/fleet-cache.ts';
import { desiredOf, preview, type RolloutWord, settle } from '../desired/outlook.ts';
import type { ArtifactBytes, CommandService, DeviceGate } from '../fleet.ts';
import { opensAt } from '../rollouts/window.ts';
import type { Assignment, DeviceContact } from './device-face.ts';
import { noteBoot, noteProgress } from './device-reports.ts';
import { createChance } from './chance.ts';
import { insertDevice } from './device-service.ts';
import type { Device } from './device.ts';
import { createLastSeen } from './last-seen.ts';
import { pollAfterMs } from './poll-interval.ts';

/** What the gate passes things on to. */
export interface GateParts {
  readonly context: FleetContext;
  readonly cache: FleetCache;
  readonly commands: Pick<CommandService, 'deliver' | 'acknowledge'>;
  readonly openArtifact: (artifactId: string) => Promise<ArtifactBytes>;
}

/** The gate, and what it has not stored yet. */
export interface StoringGate extends DeviceGate {
  /** Stores when devices were last seen; that is done for many at once. */
  flush(): Promise<void>;
  /** The same, if it is time. */
  flushDue(): Promise<void>;
}

/** Compared with where there is nothing to compare with, so that it takes as long. */
const NO_HASH = '0'.repeat(64);

/** The one way in for devices, whatever they speak. */
export function createDeviceGate({
  context,
  cache,
  commands,
  openArtifact,
}: GateParts): StoringGate {
  const { store, change, clock, randomBytes, news, options } = context;
  const seen = createLastSeen(context);
  const chance = createChance(randomBytes);

  /** Whose old secrets are being forgotten: they are refused already. */
  const retiring = new Set<string>();
  // The device does not wait for the disk: would it not come to pass, its next contact does it again.
  const retire = (deviceId: string, usedHash: string) => {
    if (retiring.has(deviceId)) return;
    retiring.add(deviceId);
    forgetPrevious(context, deviceId, usedHash)
      .catch(context.onError)
      .finally(() => retiring.delete(deviceId));
  };

  const contactWith = (device: Device): DeviceContact => {
    const atMs = clock.now();
    seen.note(device.deviceId, atMs);
    return { device, atMs };
  };

  const assign = async (device: Device): Promise<Assignment> => {
    const nowMs = clock.now();
    const word = await askRollout(context, cache, device);
    const desired = await desiredOf(cache, device, word);
    const kit = desired.deploymentId === null ? null : await cache.kit(desired.deploymentId);
    const { moments, ...assignment } = assignmentOf(device, desired, kit, nowMs);
    const expected = [...moments, ...(word === null ? [] : momentsOf(word, nowMs))];
    const after = pollAfterMs(options.pollIntervalMs, nowMs, expected, chance());
    return { ...assignment, pollAfterMs: after };
  };

  return {
    authenticate: async (deviceId, secret) => {
      const device = await store.read.devices.get(deviceId);
      const hash = hashSecret(secret);
      const credential = device?.credential ?? null;
      const isCurrent = sameHash(credential?.secretHash ?? NO_HASH, hash);
      const isPrevious = sameHash(credential?.previousSecretHash ?? NO_HASH, hash);
      if (device === null || credential === null || !device.enabled) return null;
      if (!isCurrent && (!isPrevious || retiring.has(deviceId))) return null;
      if (isCurrent && credential.previousSecretHash !== null) retire(deviceId, hash);
      return contactWith(device);
    },
    identify: async (deviceId) => {
      const device = await store.read.devices.get(deviceId);
      return device?.enabled === true ? contactWith(device) : null;
    },
    register: async (token, { deviceId, name, blueprintId }) => {
      if (token.role !== 'provisioner') {
        throw new FleetError(
          'fleet/invalid',
          `Token ${token.tokenId} is ${token.role}, which registers no devices.`,
          { hint: 'Take a provisioner token.', details: { role: token.role } },
        );
      }
      const { provisions } = token;
      return change(`token:${token.tokenId}`, (within) =>
        insertDevice(within, randomBytes, {
          deviceId,
          ...(name === undefined ? {} : { name }),
          blueprintId: provisions.blueprintId ?? blueprintId ?? null,
          cohortId: provisions.cohortId,
        }),
      );
    },
    assignment: ({ device }) => assign(device),
    openAssigned: async ({ device }, packageId, artifactId) => {
      const { packages } = await assign(device);
      const own = packages.find((one) => one.packageId === packageId);
      if (own?.kind === 'update' && (artifactId ?? own.artifactId) === own.artifactId) {
        return openArtifact(own.artifactId);
      }
      throw notAssigned(device, packageId, own);
    },
    progress: ({ device }, report) => noteProgress(context, cache, device, report),
    downloaded: async (deviceId, { kind, reason, ...sent }) => {
      const { packageId, sha256 } = sent;
      await change(`device:${deviceId}`, async ({ repositories, event }) => {
        const one = { page: 0, perPage: 1 };
        const [artifact] = (await repositories.artifacts.list({ packageId, sha256 }, one)).list;
        event(`download.${kind}`, {
          deviceId,
          data: { version: artifact?.version ?? null, ...sent, ...(reason !== null && { reason }) },
        });
      });
    },
    booted: ({ device }, report) => noteBoot(context, cache, device, report),
    commands: ({ device }) => commands.deliver(device.deviceId),
    acknowledge: async ({ device }, commandId, outcome) => {
      await commands.acknowledge(device.deviceId, commandId, outcome);
    },
    onNews: (deviceId, listener) => news.on(deviceId, listener),
    flushDue: () => seen.flushDue(),
    flush: () => seen.flush(),
  };
}

/** Most polls change nothing and cost no transaction; what would change something is decided in one. */
async function askRollout(
  context: FleetContext,
  cache: FleetCache,
  device: Device,
): Promise<RolloutWord | null> {
  const word = await preview(context, cache, device, { kind: 'ask' });
  if (word === null || !word.changes) return word;
  return context.change(`device:${device.deviceId}`, async (within) => {
    const now = await within.repositories.devices.get(device.deviceId);
    return now === null ? null : settle(context, within, now, { kind: 'ask' });
  });
}

/** When the rollout may have something for a device that it has nothing for now. */
function momentsOf({ decision }: RolloutWord, nowMs: number): readonly (number | null)[] {
  const { rollout, row, answer } = decision;
  const { kind } = rollout.state;
  if (row !== null || answer?.kind === 'hold') return [];
  if (kind === 'pending') {
    return [rollout.plan.window === null ? null : opensAt(rollout.plan.window, nowMs)];
  }
  return kind === 'active' ? [rollout.nextPhaseAtMs] : [];
}

/** The new secret has arrived: the old one, kept until now, is not needed any more. */
async function forgetPrevious(
  { change }: FleetContext,
  deviceId: string,
  usedHash: string,
): Promise<void> {
  await change(`device:${deviceId}`, async ({ repositories, event }) => {
    const device = await repositories.devices.get(deviceId);
    if (device === null || device.credential === null) return;
    const { secretHash } = device.credential;
    // Where it was changed once more meanwhile, the device still has the one that it just used.
    const previousSecretHash = secretHash === usedHash ? null : usedHash;
    const credential = { ...device.credential, previousSecretHash };
    // What was recorded so far has the old secret in it: it may begin to count anew.
    const { counting: _, ...rest } = device;
    await repositories.devices.update({ ...rest, credential, revision: device.revision + 1 });
    event('device.secret-taken', { deviceId });
  });
}

function notAssigned(
  { deviceId }: Device,
  packageId: string,
  own: Assignment['packages'][number] | undefined,
): FleetError {
  const why =
    own === undefined
      ? 'it is not of what the device should run'
      : own.kind === 'wait'
        ? own.reason
        : own.kind === 'up-to-date'
          ? `the device runs ${own.version} already`
          : `the device is to take ${own.artifactId} now`;
  return new FleetError(
    'fleet/not-assigned',
    `Package ${packageId} is not for device ${deviceId} now: ${why}.`,
    { hint: 'Ask for the update again, and fetch what it says.', details: { deviceId, packageId } },
  );
}
