import type { Change } from '../change.ts';
import { failuresAfter, loadKit } from '../desired/deployment-kit.ts';
import { backDeploymentOf } from '../desired/resolve-desired.ts';
import { changes } from './decide-contact.ts';
import { decide } from './decide.ts';
import type {
  RolloutDecision,
  RolloutEffect,
  RolloutEvent,
  RolloutNote,
  RolloutView,
} from './decision.ts';
import { allMembers, cutFor } from './rank.ts';
import { hasBooted, makeRollbackDeployment, obstacleToRollback } from './rollback-deployment.ts';
import type { Rollout, RolloutDevice } from './rollout.ts';

/** What a session needs beside the change that it is part of. */
export interface SessionParts {
  readonly change: Change;
  readonly randomBytes: (count: number) => Uint8Array;
}

/**
 * Events of one rollout within one transaction: decides, does what follows, and at the end stores the
 * header once. Nothing of it is kept beyond the transaction.
 */
export class RolloutSession {
  readonly #parts: SessionParts;
  readonly #loaded: Rollout;
  #rollout: Rollout;
  #notes: RolloutNote[] = [];

  constructor(parts: SessionParts, rollout: Rollout) {
    this.#parts = parts;
    this.#loaded = rollout;
    this.#rollout = rollout;
  }

  get rollout(): Rollout {
    return this.#rollout;
  }

  async apply(event: RolloutEvent, row: RolloutDevice | null = null): Promise<RolloutDecision> {
    return this.take(row, (view) => decide(view, event, this.#parts.change.atMs));
  }

  /** The same for a decision that somebody else makes of the rollout as it is now. */
  async take(
    row: RolloutDevice | null,
    make: (view: RolloutView) => RolloutDecision,
  ): Promise<RolloutDecision> {
    const view = { rollout: this.#rollout, row };
    const decision = make(view);
    if (!changes(view, decision)) return decision;
    this.#rollout = decision.rollout;
    this.#notes.push(...decision.notes);
    if (decision.row !== null && decision.row !== row) {
      await this.#parts.change.repositories.rolloutDevices.put(decision.row);
    }
    for (const effect of decision.effects) await this.#do(effect);
    return { ...decision, rollout: this.#rollout };
  }

  /** Adds a line to the log that changes nothing. */
  note(what: string, data: Readonly<Record<string, unknown>>): void {
    this.#notes.push({ what, deviceId: null, data });
  }

  /** Stores the header where it changed, the log, and the events. */
  async save(): Promise<Rollout> {
    const { repositories, atMs, event } = this.#parts.change;
    const { rolloutId } = this.#rollout;
    if (this.#rollout !== this.#loaded) {
      this.#rollout = { ...this.#rollout, revision: this.#loaded.revision + 1 };
      await repositories.rollouts.update(this.#rollout);
    }
    const notes = this.#notes;
    this.#notes = [];
    if (notes.length > 0) {
      await repositories.rolloutLog.append(notes.map((note) => ({ ...note, rolloutId, atMs })));
    }
    for (const { what, deviceId, data } of notes) {
      if (deviceId === null) event(`rollout.${what}`, { rolloutId, data });
      else event('device.update', { rolloutId, deviceId, data });
    }
    return this.#rollout;
  }

  async #do(effect: RolloutEffect): Promise<void> {
    switch (effect.kind) {
      case 'begin-phase':
        return this.#beginPhase(effect.phase, effect.percent);
      case 'make-rollback':
        return this.#makeRollback();
      case 'move-cohort':
        return this.#moveCohort(effect.deploymentId);
      case 'count-failure':
        return this.#countFailure(effect.deviceId);
    }
  }

  async #beginPhase(phase: number, percent: number): Promise<void> {
    const { repositories, news } = this.#parts.change;
    const { rolloutId, cohortId } = this.#rollout;
    const deviceIds = await repositories.devices.idsOfCohort(cohortId);
    const { cut, inside } = cutFor(rolloutId, deviceIds, percent);
    const members = allMembers(deviceIds, await repositories.rolloutDevices.idsOf(rolloutId));
    await this.apply({ kind: 'phase-begun', phase, percent, cut, members });
    news(inside);
  }

  async #makeRollback(): Promise<void> {
    const { change, randomBytes } = this.#parts;
    const { repositories } = change;
    const rollout = this.#rollout;
    const obstacle = await obstacleToRollback(repositories, rollout, hasBooted(rollout));
    const made =
      obstacle === null ? await makeRollbackDeployment(change, rollout, randomBytes) : null;
    if (made === null) {
      await this.apply({ kind: 'rollback-refused', reason: obstacle ?? 'nothing to go back to' });
      return;
    }
    const { deploymentId } = made;
    const cohort = await repositories.cohorts.get(rollout.cohortId);
    if (cohort?.activeDeploymentId === rollout.deploymentId) await this.#moveCohort(deploymentId);
    await this.apply({ kind: 'rollback-made', deploymentId });
  }

  async #moveCohort(deploymentId: string): Promise<void> {
    const { repositories, audit, event } = this.#parts.change;
    const { cohortId, rolloutId } = this.#rollout;
    const cohort = await repositories.cohorts.get(cohortId);
    if (cohort === null || cohort.activeDeploymentId === deploymentId) return;
    const revision = cohort.revision + 1;
    await repositories.cohorts.update({ ...cohort, activeDeploymentId: deploymentId, revision });
    audit('cohort.update', `cohort/${cohortId}`, { activeDeploymentId: deploymentId, rolloutId });
    event('cohort.updated', { rolloutId, data: { cohortId, activeDeploymentId: deploymentId } });
  }

  async #countFailure(deviceId: string): Promise<void> {
    const { repositories, atMs } = this.#parts.change;
    const rollout = this.#rollout;
    const row = await repositories.rolloutDevices.get(rollout.rolloutId, deviceId);
    const target = row?.direction === 'back' ? backDeploymentOf(rollout) : rollout.deploymentId;
    const device = await repositories.devices.get(deviceId);
    const kit = target === null ? null : await loadKit(repositories, target, false);
    if (device === null || kit === null) return;
    const failures = failuresAfter(kit, device, atMs);
    if (failures === device.failures) return;
    await repositories.devices.update({ ...device, failures, revision: device.revision + 1 });
  }
}
