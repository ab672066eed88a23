import { draw } from '../../../src/simulator/fleet/chance.ts';
import type { Life } from './client.ts';
import type { Uploads } from './uploads.ts';

/** A deployment as the fleet has it. */
export interface Deployed {
  readonly deploymentId: string;
  readonly name: string;
  readonly sequence: number;
  readonly components: readonly { readonly artifactId: string }[];
}

/** What of a rollout is looked at. */
export interface RolloutView {
  readonly rolloutId: string;
  readonly deploymentId: string;
  readonly phase: number;
  readonly percent: number;
  readonly state: { readonly kind: string; readonly reason?: string };
  readonly counters: Readonly<Record<string, number>>;
}

const STEERED = ['pause', 'resume', 'advance'] as const;

/** Makes deployments and steers rollouts over cohort `c`, one at a time. */
export class Operations {
  readonly deployed: Deployed[] = [];
  /** All that were started, in order; the last one may be going on. */
  readonly rollouts: string[] = [];
  /** The last answer about the rollout that goes on, and what was asked since without an answer. */
  latest: RolloutView | null = null;
  unanswered: (typeof STEERED)[number] | null = null;
  readonly #seed: string;
  readonly #token: string;
  readonly #uploads: Uploads;
  #steps = 0;
  #tries = 0;
  /** The components of the deployment that was asked for and not answered yet. */
  #asked: readonly string[] | null = null;

  constructor(seed: string, token: string, uploads: Uploads) {
    this.#seed = seed;
    this.#token = token;
    this.#uploads = uploads;
  }

  async step(life: Life): Promise<void> {
    this.#steps += 1;
    const { latest } = this;
    if (latest !== null && latest.state.kind !== 'completed') return this.#steer(life, latest);
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
      headers: { 'Idempotency-Key': `${name.replace(' ', '-')}-try-${this.#tries}` },
    });
    if (status === 201) {
      this.#made(json as unknown as Deployed);
      return;
    }
    if (json['code'] !== 'server/idempotency-conflict') {
      throw new Error(`deployment: ${status} ${JSON.stringify(json)}`);
    }
    // It was killed at work on that request: it says so, and one looks, as its hint says.
    const all = await life.list<Deployed>('/api/v1/deployments', this.#token);
    const made = all.filter((one) => one.name === name);
    if (made.length > 1) throw new Error(`${name} was made ${made.length} times`);
    if (made[0] === undefined) this.#tries += 1;
    else this.#made(made[0]);
  }

  #newest(): readonly string[] | null {
    const newest = (packageId: string) =>
      this.#uploads.taken.findLast((one) => one.packageId === packageId)?.artifactId;
    const components = [newest('main'), newest('model')].filter((id) => id !== undefined);
    const known = this.deployed.at(-1)?.components.map(({ artifactId }) => artifactId);
    const isNew = components.length === 2 && !components.some((id) => known?.includes(id));
    return isNew ? components : null;
  }

  #made(deployed: Deployed): void {
    this.deployed.push(deployed);
    this.#asked = null;
  }

  async #start(life: Life, { deploymentId }: Deployed): Promise<void> {
    const { status, json } = await life.ask('/api/v1/rollouts', {
      method: 'POST',
      token: this.#token,
      json: {
        deploymentId,
        cohortId: 'c',
        canaryPercent: 20,
        stepPercent: 40,
        phaseMs: null,
        failureThresholdPercent: 100,
        soakMs: 20,
      },
    });
    if (status === 201) {
      this.#begun(json as unknown as RolloutView);
      return;
    }
    if (json['code'] !== 'fleet/rollout-active') {
      throw new Error(`rollout: ${status} ${JSON.stringify(json)}`);
    }
    // It was started before the kill, and nobody was told.
    const all = await life.list<RolloutView>('/api/v1/rollouts', this.#token);
    const own = all.filter((one) => one.deploymentId === deploymentId);
    const [rollout] = own;
    if (own.length !== 1 || rollout === undefined) throw new Error('a rollout was started twice');
    this.#begun(rollout);
  }

  #begun(rollout: RolloutView): void {
    this.latest = rollout;
    this.unanswered = null;
    this.rollouts.push(rollout.rolloutId);
  }

  async #steer(life: Life, { rolloutId, state }: RolloutView): Promise<void> {
    const chance = draw(this.#seed, 'steer', this.#steps);
    const verb =
      state.kind === 'paused'
        ? 'resume'
        : (STEERED[Math.floor(chance * STEERED.length)] ?? 'advance');
    this.unanswered = verb;
    const { status, json } = await life.ask(`/api/v1/rollouts/${rolloutId}/${verb}`, {
      method: 'POST',
      token: this.#token,
      ...(verb === 'pause' && { json: { reason: `at step ${this.#steps}` } }),
    });
    if (status === 200) this.latest = json as unknown as RolloutView;
    else if (status !== 409) throw new Error(`${verb}: ${status} ${JSON.stringify(json)}`);
    else await this.look(life);
    this.unanswered = null;
  }
}
