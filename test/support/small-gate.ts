import { createHash } from 'node:crypto';
import type {
  AccessToken,
  Artifact,
  ArtifactBytes,
  Assignment,
  BootReport,
  Command,
  DetachedSignature,
  Device,
  DeviceContact,
  DeviceGate,
  PackageAssignment,
  ProgressReport,
} from '../../src/fleet/index.ts';
import { FleetError } from '../../src/fleet/index.ts';
import { reportedPackage } from '../../src/fleet/devices/fold-report.ts';
import { memoryArtifact } from '../../src/serve/index.ts';
import type { Clock } from '../../src/shared/index.ts';

/** What a device should run, in a {@link SmallGate}. */
export interface SmallUpdate {
  readonly packageId?: string;
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly rolloutId?: string | null;
  /** Signs what the artifact is. */
  readonly sign?: (artifact: SmallArtifact) => DetachedSignature;
}

/** What is known of the artifact of a {@link SmallUpdate}: for an ESP32 on the board `sensor-v2`. */
export type SmallArtifact = Pick<
  Artifact,
  'packageId' | 'version' | 'blueprintIds' | 'sizeBytes' | 'sha256'
> & { readonly image: { readonly chip: 'esp32'; readonly secureVersion: number } };

/**
 * A device gate without a fleet: each device is told outright what to run, and all that it says is kept.
 * For tests of protocols; what should run and what counts as success is decided elsewhere.
 */
export class SmallGate implements DeviceGate {
  readonly #clock: Clock;
  readonly #devices = new Map<string, { device: Device; secret: string }>();
  readonly #targets = new Map<string, SmallUpdate[]>();
  readonly #commands = new Map<string, Command[]>();
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly progressed: (ProgressReport & { readonly deviceId: string })[] = [];
  readonly boots: (BootReport & { readonly deviceId: string })[] = [];
  readonly acknowledged: { commandId: string; succeeded: boolean; result?: unknown }[] = [];
  pollAfterMs = 300_000;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(deviceId: string, secret: string): void {
    const device: Device = {
      deviceId,
      name: deviceId,
      blueprintId: null,
      cohortId: null,
      tags: [],
      enabled: true,
      pinnedDeploymentId: null,
      credential: null,
      reported: {},
      failures: {},
      secureVersion: null,
      lastSeenAtMs: null,
      lastBootedAtMs: null,
      createdAtMs: 0,
      revision: 1,
    };
    this.#devices.set(deviceId, { device, secret });
  }

  /** Switches a device off, as an operator does. */
  disable(deviceId: string): void {
    this.#change(deviceId, { enabled: false });
  }

  /** Says what a device should run from now on, and tells it. */
  assign(deviceId: string, ...updates: SmallUpdate[]): void {
    this.#targets.set(deviceId, updates);
    this.#tell(deviceId);
  }

  command(deviceId: string, commandId: string, name: string, payload: unknown = null): void {
    const command: Command = {
      commandId,
      deviceId,
      name,
      payload,
      state: 'queued',
      deliveries: 0,
      maxDeliveries: 5,
      redeliverAtMs: null,
      createdAtMs: this.#clock.now(),
      expiresAtMs: null,
      deliveredAtMs: null,
      finishedAtMs: null,
      result: null,
    };
    this.#commands.set(deviceId, [...(this.#commands.get(deviceId) ?? []), command]);
    this.#tell(deviceId);
  }

  async authenticate(deviceId: string, secret: string): Promise<DeviceContact | null> {
    return this.#devices.get(deviceId)?.secret === secret ? this.identify(deviceId) : null;
  }

  identify(deviceId: string): Promise<DeviceContact | null> {
    const { device } = this.#devices.get(deviceId) ?? {};
    const isWelcome = device?.enabled === true;
    return Promise.resolve(isWelcome ? { device, atMs: this.#clock.now() } : null);
  }

  async register(_: AccessToken, { deviceId }: { readonly deviceId: string }) {
    if (this.#devices.has(deviceId)) {
      throw new FleetError('fleet/exists', `there is a device ${deviceId} already`);
    }
    const secret = `otd_${deviceId}`;
    this.add(deviceId, secret);
    const contact = await this.identify(deviceId);
    if (contact === null) throw new Error('a device that was just added');
    return { device: contact.device, secret };
  }

  assignment({ device }: DeviceContact): Promise<Assignment> {
    const targets = this.#targets.get(device.deviceId) ?? [];
    return Promise.resolve({
      deploymentId: targets.length === 0 ? null : 'dep_small',
      sequence: targets.length,
      pollAfterMs: this.pollAfterMs,
      packages: targets.map((target) => packageAssignment(device, target)),
    });
  }

  openAssigned(
    { device }: DeviceContact,
    packageId: string,
    artifactId?: string,
  ): Promise<ArtifactBytes> {
    const target = (this.#targets.get(device.deviceId) ?? []).find(
      (one) =>
        (one.packageId ?? 'main') === packageId &&
        (artifactId === undefined || artifactId === artifactIdOf(one.bytes)),
    );
    const known = this.#devices.get(device.deviceId)?.device ?? device;
    if (target === undefined || packageAssignment(known, target).kind !== 'update') {
      const why = `${packageId} is not assigned to this device`;
      return Promise.reject(new FleetError('fleet/not-assigned', why));
    }
    const artifact = memoryArtifact(target.bytes);
    return Promise.resolve({
      ...artifact,
      slice: (start, end) => Promise.resolve(target.bytes.subarray(start, end)),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  }

  downloaded(): Promise<void> {
    return Promise.resolve();
  }

  progress({ device: { deviceId } }: DeviceContact, report: ProgressReport): Promise<void> {
    this.progressed.push({ deviceId, ...report });
    return Promise.resolve();
  }

  booted({ device: { deviceId } }: DeviceContact, report: BootReport): Promise<void> {
    this.boots.push({ deviceId, ...report });
    const { packageId } = report;
    const reported = this.#devices.get(deviceId)?.device.reported;
    const said = reportedPackage(reported?.[packageId], report, this.#clock.now());
    this.#change(deviceId, { reported: { ...reported, [packageId]: said } });
    return Promise.resolve();
  }

  commands({ device: { deviceId } }: DeviceContact): Promise<readonly Command[]> {
    const known = this.#commands.get(deviceId) ?? [];
    const handed = known
      .filter(({ state }) => state === 'queued')
      .map((one): Command => ({ ...one, state: 'delivered', deliveries: one.deliveries + 1 }));
    const kept = known.filter(({ state }) => state !== 'queued');
    this.#commands.set(deviceId, [...kept, ...handed]);
    return Promise.resolve(handed);
  }

  acknowledge(
    { device: { deviceId } }: DeviceContact,
    commandId: string,
    outcome: { readonly succeeded: boolean; readonly result?: unknown },
  ): Promise<void> {
    const known = this.#commands.get(deviceId) ?? [];
    if (!known.some((one) => one.commandId === commandId)) {
      const why = `there is no command ${commandId}`;
      return Promise.reject(new FleetError('fleet/not-found', why));
    }
    this.acknowledged.push({ commandId, ...outcome });
    return Promise.resolve();
  }

  onNews(deviceId: string, listener: () => void): () => void {
    const those = this.#listeners.get(deviceId) ?? new Set();
    this.#listeners.set(deviceId, those.add(listener));
    return () => those.delete(listener);
  }

  /** What `fleet.artifacts.get` answers, as far as protocols look at it. */
  artifact(artifactId: string): SmallArtifact {
    for (const targets of this.#targets.values()) {
      const found = targets.find(({ bytes }) => artifactIdOf(bytes) === artifactId);
      if (found !== undefined) return smallArtifact(found);
    }
    throw new FleetError('fleet/not-found', `there is no artifact ${artifactId}`);
  }

  #change(deviceId: string, changes: Partial<Device>): void {
    const known = this.#devices.get(deviceId);
    if (known !== undefined) known.device = { ...known.device, ...changes };
  }

  #tell(deviceId: string): void {
    for (const listener of this.#listeners.get(deviceId) ?? []) listener();
  }
}

function packageAssignment(device: Device, target: SmallUpdate): PackageAssignment {
  const { packageId = 'main', version, bytes, rolloutId = 'rol_small' } = target;
  if (device.reported[packageId]?.version === version) {
    return { kind: 'up-to-date', packageId, version };
  }
  const { sizeBytes, sha256, md5 } = memoryArtifact(bytes);
  return {
    kind: 'update',
    packageId,
    packageKind: packageId === 'main' ? 'app-image' : 'binary',
    rolloutId,
    artifactId: artifactIdOf(bytes),
    version,
    sizeBytes,
    sha256,
    md5,
    secureVersion: null,
    signatures: target.sign === undefined ? [] : [target.sign(smallArtifact(target))],
    releaseNotes: 'better',
  };
}

function smallArtifact({ packageId = 'main', version, bytes }: SmallUpdate): SmallArtifact {
  const { sizeBytes, sha256 } = memoryArtifact(bytes);
  return {
    packageId,
    version,
    blueprintIds: ['sensor-v2'],
    sizeBytes,
    sha256,
    image: { chip: 'esp32', secureVersion: 0 },
  };
}

function artifactIdOf(bytes: Uint8Array): string {
  const digest = createHash('sha256').update(bytes).digest('hex');
  return `art_${digest.replaceAll(/[^a-f]/g, 'x').slice(0, 20)}`;
}
