import type { Cohort } from '../cohorts/cohort.ts';
import type { FleetContext } from '../context.ts';
import type { Release } from '../releases/release.ts';
import { relevantRollout } from '../rollouts/relevant-rollout.ts';
import type { Rollout } from '../rollouts/rollout.ts';
import { type DeploymentKit, loadKit } from './deployment-kit.ts';

/** What is the same for all devices of a cohort. */
export interface CohortScope {
  readonly cohort: Cohort;
  /** Its counters may be behind; see {@link FleetCache}. */
  readonly rollout: Rollout | null;
}

/** Events after which everything kept is still true: they are about single devices. */
const HARMLESS = ['device.', 'download.', 'command.'];
const MAX_RELEASES = 1000;

/**
 * What polls need and seldom changes, so that a poll reads little more than its own device. Only this
 * process writes, and whatever it writes is told as an event once it is stored; then everything is
 * forgotten. The counters of a rollout change with each device without such an event: whoever decides by
 * them reads them anew.
 */
export class FleetCache {
  readonly #context: FleetContext;
  readonly #kits = new Map<string, DeploymentKit | null>();
  readonly #scopes = new Map<string, CohortScope | null>();
  #releases: readonly Release[] | null = null;
  /** Rises when something is forgotten: what was being read meanwhile is not kept. */
  #generation = 0;

  constructor(context: FleetContext) {
    this.#context = context;
    context.events.subscribe((events) => {
      if (events.every(({ type }) => HARMLESS.some((start) => type.startsWith(start)))) return;
      this.#generation += 1;
      this.#kits.clear();
      this.#scopes.clear();
      this.#releases = null;
    });
  }

  async kit(deploymentId: string): Promise<DeploymentKit | null> {
    const known = this.#kits.get(deploymentId);
    if (known !== undefined) return known;
    const { store, options } = this.#context;
    const generation = this.#generation;
    const kit = await loadKit(store.read, deploymentId, options.requireSignatures);
    if (generation === this.#generation) this.#kits.set(deploymentId, kit);
    return kit;
  }

  async scope(cohortId: string): Promise<CohortScope | null> {
    const known = this.#scopes.get(cohortId);
    if (known !== undefined) return known;
    const { read } = this.#context.store;
    const generation = this.#generation;
    const cohort = await read.cohorts.get(cohortId);
    const scope = cohort === null ? null : { cohort, rollout: await relevantRollout(read, cohort) };
    if (generation === this.#generation) this.#scopes.set(cohortId, scope);
    return scope;
  }

  async releases(): Promise<readonly Release[]> {
    if (this.#releases !== null) return this.#releases;
    const generation = this.#generation;
    const { list } = await this.#context.store.read.releases.list(
      { enabled: true },
      { page: 0, perPage: MAX_RELEASES, sort: '-sequence' },
    );
    if (generation === this.#generation) this.#releases = list;
    return list;
  }
}
