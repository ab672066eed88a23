import {
  type Artifact,
  type Assignment,
  type BootReport,
  createFleet,
  type Fleet,
  type FleetOptions,
  type FleetStore,
  openStore,
  type ProgressReport,
  type Rollout,
  type RolloutDevice,
  type RolloutPlan,
} from '../../src/fleet/index.ts';
import { countersFromLog, isRetrying } from '../../src/fleet/rollouts/counters.ts';
import { ManualClock } from './manual-clock.ts';
import { NO_BYTES } from './memory-fleet.ts';

const LOCAL = 'token:tok_test';
const ALL = { page: 0, perPage: 1000 };

/** What kind of world. */
interface WorldOptions {
  readonly options?: Partial<FleetOptions>;
  /** The database; by default one in memory, which nobody can open again. */
  readonly file?: string;
  /** Worlds to which the same is done are the same, down to the ids. */
  readonly alike?: boolean;
}

/** A fleet whose devices do what a test says, over a real store and a clock that it moves. */
export class RolloutWorld implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly #options: WorldOptions;
  readonly #drawn = new Map<number, number>();
  #store: FleetStore;
  #fleet: Fleet;

  private constructor(clock: ManualClock, store: FleetStore, options: WorldOptions) {
    this.clock = clock;
    this.#store = store;
    this.#options = options;
    this.#fleet = this.#create();
  }

  /** With a cohort `all` and deployments of `main@1.0.0` and `main@2.0.0`; the cohort runs the first. */
  static async open(options: WorldOptions = {}): Promise<RolloutWorld> {
    const clock = new ManualClock();
    const store = await openStore({ file: options.file ?? ':memory:', clock });
    const world = new RolloutWorld(clock, store, options);
    const { fleet } = world;
    await fleet.packages.create(LOCAL, { packageId: 'main', kind: 'binary' });
    await fleet.cohorts.create(LOCAL, { cohortId: 'all' });
    const first = await world.deployment('1.0.0');
    await fleet.cohorts.update(LOCAL, 'all', { activeDeploymentId: first });
    return world;
  }

  get fleet(): Fleet {
    return this.#fleet;
  }

  get store(): FleetStore {
    return this.#store;
  }

  /** Forgets everything that is not stored, as a killed and restarted process does. */
  restart(): void {
    this.#fleet = this.#create();
  }

  /** The same with a database that is opened anew; what the fleet was about to store is lost. */
  async reopen(): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
    this.#store = await openStore({ file: this.#options.file ?? '', clock: this.clock });
    this.restart();
  }

  #create(): Fleet {
    return createFleet({
      store: this.#store,
      blobs: NO_BYTES,
      clock: this.clock,
      ...(this.#options.alike === true && { randomBytes: (count) => this.#draw(count) }),
      ...(this.#options.options !== undefined && { options: this.#options.options }),
      onError: (error) => {
        throw error;
      },
    });
  }

  /**
   * Bytes that differ from draw to draw and not from world to world. Counted by length, so that ids do
   * not depend on how often a fleet began to draw for something else.
   */
  #draw(count: number): Uint8Array {
    const draw = (this.#drawn.get(count) ?? 0) + 1;
    this.#drawn.set(count, draw);
    return Uint8Array.from({ length: count }, (_, at) => draw * 7 + at * 31 + (draw >> 5));
  }

  /** An artifact without bytes, as the store has it. */
  async artifact(version: string, fields: Partial<Artifact> = {}): Promise<Artifact> {
    const packageId = fields.packageId ?? 'main';
    const made: Artifact = {
      artifactId: `art_${packageId}-${version}`,
      packageId,
      version,
      blueprintIds: [],
      sizeBytes: 1,
      sha256: 'aa'.repeat(32),
      md5: 'bb'.repeat(16),
      releaseNotes: '',
      minVersion: null,
      image: null,
      signatures: [],
      createdAtMs: this.clock.now(),
      revision: 1,
      ...fields,
    };
    await this.store.transaction(({ artifacts }) => artifacts.insert(made));
    return made;
  }

  /** A deployment of a new artifact; its id. */
  async deployment(version: string, fields: Partial<Artifact> = {}): Promise<string> {
    const { artifactId } = await this.artifact(version, fields);
    const made = await this.fleet.deployments.create(LOCAL, { components: [artifactId] });
    return made.deploymentId;
  }

  /** Devices `d000`, `d001`, … that run 1.0.0. */
  async devices(count: number, cohortId = 'all', prefix = 'd'): Promise<readonly string[]> {
    const ids = Array.from({ length: count }, (_, at) => `${prefix}${String(at).padStart(3, '0')}`);
    for (const deviceId of ids) {
      await this.fleet.devices.create(LOCAL, { deviceId, cohortId });
      await this.boots(deviceId, '1.0.0');
    }
    return ids;
  }

  async start(
    plan: Partial<RolloutPlan> & { supersede?: boolean; deploymentId?: string; cohortId?: string },
  ): Promise<string> {
    const deploymentId = plan.deploymentId ?? (await this.deployment('2.0.0'));
    const fields = { soakMs: 0, cohortId: 'all', ...plan, deploymentId };
    return (await this.fleet.rollouts.start(LOCAL, fields)).rolloutId;
  }

  async tick(afterMs = 0): Promise<void> {
    await this.clock.advance(afterMs);
    await this.fleet.rollouts.tick();
  }

  async contact(deviceId: string) {
    const contact = await this.fleet.gate.identify(deviceId);
    if (contact === null) throw new Error(`there is no device ${deviceId}`);
    return contact;
  }

  async asks(deviceId: string): Promise<Assignment> {
    return this.fleet.gate.assignment(await this.contact(deviceId));
  }

  /** The version that it is to take now, `null` for none. */
  async offered(deviceId: string, packageId = 'main'): Promise<string | null> {
    const { packages } = await this.asks(deviceId);
    const own = packages.find((one) => one.packageId === packageId);
    return own?.kind === 'update' ? own.version : null;
  }

  /** Why it has to wait, `null` when it does not. */
  async waits(deviceId: string): Promise<string | null> {
    const [own] = (await this.asks(deviceId)).packages;
    return own?.kind === 'wait' ? own.reason : null;
  }

  async says(
    deviceId: string,
    state: ProgressReport['state'],
    fields: Partial<ProgressReport> = {},
  ): Promise<void> {
    await this.fleet.gate.progress(await this.contact(deviceId), {
      packageId: 'main',
      rolloutId: null,
      targetVersion: null,
      state,
      error: null,
      percent: null,
      ...fields,
    });
  }

  async boots(deviceId: string, version: string, fields: Partial<BootReport> = {}): Promise<void> {
    await this.fleet.gate.booted(await this.contact(deviceId), {
      packageId: 'main',
      version,
      imageHash: null,
      appElfSha256: null,
      secureVersion: null,
      sinceBoot: true,
      ...fields,
    });
  }

  /** Asks, and takes what it is offered; whether there was something. */
  async updates(deviceId: string): Promise<boolean> {
    const version = await this.offered(deviceId);
    if (version === null) return false;
    for (const state of ['downloading', 'verifying', 'installing', 'rebooting'] as const) {
      await this.says(deviceId, state);
    }
    await this.boots(deviceId, version);
    return true;
  }

  async rollout(rolloutId: string): Promise<Rollout> {
    return this.fleet.rollouts.get(rolloutId);
  }

  async row(rolloutId: string, deviceId: string): Promise<RolloutDevice | null> {
    return this.store.read.rolloutDevices.get(rolloutId, deviceId);
  }

  async state(rolloutId: string, deviceId: string): Promise<string | null> {
    return (await this.row(rolloutId, deviceId))?.state ?? null;
  }

  async rows(rolloutId: string): Promise<readonly RolloutDevice[]> {
    return (await this.store.read.rolloutDevices.list(rolloutId, {}, ALL)).list;
  }

  /** Where counters, rows and log do not say the same; and what is more under way than it may be. */
  async contradictions(rolloutId: string): Promise<readonly string[]> {
    const rollout = await this.rollout(rolloutId);
    const { rolloutDevices, rolloutLog } = this.store.read;
    const rows = await rolloutDevices.count(rolloutId);
    const log = countersFromLog(await rolloutLog.read(rolloutId, 0, 100_000));
    const wrong = Object.entries(rollout.counters).flatMap(([state, count]) => {
      const key = state as keyof typeof log;
      return (rows[key] ?? 0) === count && log[key] === count
        ? []
        : [`${state}: ${count}, ${rows[key] ?? 0} rows, ${log[key]} by the log`];
    });
    const retrying = (await this.rows(rolloutId)).filter(isRetrying).length;
    return retrying === rollout.retrying
      ? wrong
      : [...wrong, `retrying: ${rollout.retrying}, ${retrying} rows`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet[Symbol.asyncDispose]();
  }
}

/** Who does what people do in these tests. */
export const OPERATOR = LOCAL;
