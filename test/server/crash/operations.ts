import { draw } from '../../../src/simulator/fleet/chance.ts';
import type { Life } from './client.ts';
import type { CrashDevice } from './devices.ts';
import type { Uploads } from './uploads.ts';

/** A deployment as the fleet has it. */
export interface Deployed {
  readonly deploymentId: string;
  readonly name: string;
  readonly sequence: number;
  readonly restores: string | null;
  readonly components: readonly { readonly artifactId: string }[];
}

/** What of a rollout is looked at. */
export interface RolloutView {
  readonly rolloutId: string;
  readonly deploymentId: string;
  readonly phase: number;
  readonly percent: number;
  readonly members: number;
  readonly plan: { readonly autoRollback: boolean };
  readonly state: {
    readonly kind: string;
    readonly reason?: string;
    readonly deploymentId?: string | null;
  };
  readonly counters: Readonly<Record<string, number>>;
}

type Verb = 'pause' | 'resume' | 'advance' | 'retry-failed' | 'rollback';

/** What is done to a rollout in each state, each as likely as it is often there. */
const STEERED: Readonly<Record<string, readonly Verb[]>> = {
  active: ['pause', 'advance', 'advance', 'advance', 'retry-failed', 'retry-failed', 'rollback'],
  pending: ['advance'],
  paused: ['resume', 'resume', 'resume', 'retry-failed', 'rollback'],
  'rolling-back': ['retry-failed'],
};
const OVER = new Set(['completed', 'failed']);
/** What the state of a rollout may forbid. */
const REFUSED = new Set(['fleet/wrong-state', 'fleet/rollback-impossible']);

/** Makes deployments and steers rollouts over cohort `c`, one at a time. */
export class Operations {
  readonly deployed: Deployed[] = [];
  /** All that were started, in order; the last one may be going on. */
  readonly rollouts: string[] = [];
  /** The last answer about the rollout that goes on. */
  latest: RolloutView | null = null;
  /** What was asked of it and not answered yet. */
  unanswered: { readonly verb: Verb; readonly reason: string } | null = null;
  /** From now on it only goes ahead. */
  isCalm = false;
  readonly #seed: string;
  readonly #token: string;
  readonly #uploads: Uploads;
  readonly #devices: readonly CrashDevice[];
  #steps = 0;
  /** The components of the deployment that was asked for and not answered yet. */
  #asked: readonly string[] | null = null;

  constructor(
    seed: string,
    token: string,
    { uploads, devices }: { readonly uploads: Uploads; readonly devices: readonly CrashDevice[] },
  ) {
    this.#seed = seed;
    this.#token = token;
    this.#uploads = uploads;
    this.#devices = devices;
  }

  /** Whether there is none that goes on. */
  get isOver(): boolean {
    return this.latest === null || OVER.has(this.latest.state.kind);
  }

  async step(life: Life): Promise<void> {
    this.#steps += 1;
    const { latest } = this;
    if (latest !== null && !this.isOver) return this.#steer(life, latest);
    // What was asked of one that is over by now is nothing to ask of the next one.
    this.#answered();
    const last = this.deployed.at(-1);
    if (last === undefined || last.deploymentId === latest?.deploymentId) return this.#deploy(life);
    return this.#start(life, last);
  }

  /** Looks how the rollout stands. */
  async look(life: Life): Promise<RolloutView | null> {
    const rolloutId = this.rollouts.at(-1);
    if (rolloutId === undefined) return null;
    this.latest = await life.get<RolloutView>(`/api/v1/rollouts/${rolloutId}`, this.#token);
    return this.latest;
  }

  /** Of the newest versions; what was asked without an answer is asked again as it was. */
  async #deploy(life: Life): Promise<void> {
    this.#asked ??= this.#newest();
    // Until both are new there is nothing to roll out.
    if (this.#asked === null) return;
    const name = `bundle ${this.deployed.length + 1}`;
    const { status, json } = await life.ask('/api/v1/deployments', {
      method: 'POST',
      token: this.#token,
      json: { name, components: this.#asked },
      headers: { 'Idempotency-Key': name.replace(' ', '-') },
    });
    // Killed before or after it was made: the answer to a repeat is the same.
    if (status !== 201) throw new Error(`deployment: ${status} ${JSON.stringify(json)}`);
    this.deployed.push(json as unknown as Deployed);
    this.#asked = null;
  }

  #newest(): readonly string[] | null {
    const newest = (packageId: string) =>
      this.#uploads.taken.findLast((one) => one.packageId === packageId)?.artifactId;
    const components = [newest('main'), newest('model')].filter((id) => id !== undefined);
    const known = this.deployed.at(-1)?.components.map(({ artifactId }) => artifactId);
    const isNew = components.length === 2 && !components.some((id) => known?.includes(id));
    return isNew ? components : null;
  }

  /** Every third one takes itself back where a fifth of its devices fail. */
  async #start(life: Life, { deploymentId }: Deployed): Promise<void> {
    const isStrict = this.rollouts.length % 3 === 2;
    const { status, json } = await life.ask('/api/v1/rollouts', {
      method: 'POST',
      token: this.#token,
      json: {
        deploymentId,
        cohortId: 'c',
        canaryPercent: 20,
        stepPercent: 40,
        phaseMs: null,
        failureThresholdPercent: isStrict ? 20 : 100,
        ...(isStrict && { minSample: 2, autoRollback: true }),
        soakMs: 20,
      },
    });
    if (status === 201) {
      this.#begun(json as unknown as RolloutView);
      return;
    }
    // It was started before the kill, and nobody was told; it may have taken itself back since.
    if (!['fleet/rollout-active', 'fleet/deployment-outdated'].includes(String(json['code']))) {
      throw new Error(`rollout: ${status} ${JSON.stringify(json)}`);
    }
    const all = await life.list<RolloutView>('/api/v1/rollouts', this.#token);
    const own = all.filter((one) => one.deploymentId === deploymentId);
    const [rollout] = own;
    if (own.length !== 1 || rollout === undefined) {
      throw new Error(`${deploymentId}: ${own.length} rollouts, ${JSON.stringify(json)}`);
    }
    this.#begun(rollout);
  }

  #begun(rollout: RolloutView): void {
    this.latest = rollout;
    this.rollouts.push(rollout.rolloutId);
  }

  async #steer(life: Life, { rolloutId, state, percent, counters }: RolloutView): Promise<void> {
    const verb = this.#verb(state.kind, percent, counters);
    if (this.unanswered === null && verb === null) {
      await this.look(life);
      return;
    }
    this.unanswered ??= verb === null ? null : { verb, reason: `at step ${this.#steps}` };
    const asked = this.unanswered;
    if (asked === null) return;
    if (asked.verb === 'rollback') for (const device of this.#devices) device.unsettle('rollout');
    const { status, json } = await life.ask(`/api/v1/rollouts/${rolloutId}/${asked.verb}`, {
      method: 'POST',
      token: this.#token,
      ...(['pause', 'rollback'].includes(asked.verb) && { json: { reason: asked.reason } }),
    });
    if (status !== 200 && !REFUSED.has(String(json['code']))) {
      throw new Error(`${asked.verb}: ${status} ${JSON.stringify(json)}`);
    }
    await this.look(life);
    // Only now is it known what became of it.
    this.#answered();
  }

  #answered(): void {
    this.unanswered = null;
    for (const device of this.#devices) device.settle('rollout');
  }

  #verb(kind: string, percent: number, counters: RolloutView['counters']): Verb | null {
    if (this.isCalm) {
      const { failed = 0, 'rolled-back': rolledBack = 0 } = counters;
      if (kind === 'paused') return 'resume';
      if (failed + rolledBack > 0) return 'retry-failed';
      return kind !== 'rolling-back' && percent < 100 ? 'advance' : null;
    }
    const verbs = STEERED[kind] ?? [];
    return verbs[Math.floor(draw(this.#seed, 'steer', this.#steps) * verbs.length)] ?? null;
  }
}
