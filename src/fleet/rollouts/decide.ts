import { asks } from './decide-asks.ts';
import { due, left, progress, recalled, reported, retried } from './decide-device.ts';
import { operate, phaseBegun, rollbackMade, rollbackRefused, tick } from './decide-rollout.ts';
import type { RolloutDecision, RolloutEvent, RolloutView } from './decision.ts';

/**
 * What follows from an event, and nothing else: no clock, no store, no chance. All of a rollout is in its
 * header and one row for each device that had contact, so a device costs the same in a fleet of ten and
 * of a hundred thousand, and whoever stores header, row and log together can be killed at any moment.
 *
 * @throws FleetError `fleet/wrong-state` for what people ask of a rollout that is not up to it
 */
export function decide(view: RolloutView, event: RolloutEvent, nowMs: number): RolloutDecision {
  switch (event.kind) {
    case 'tick':
      return tick(view, event, nowMs);
    case 'phase-begun':
      return phaseBegun(view, event, nowMs);
    case 'rollback-made':
      return rollbackMade(view, event.deploymentId, nowMs);
    case 'rollback-refused':
      return rollbackRefused(view, event.reason);
    case 'pause':
    case 'resume':
    case 'advance':
    case 'rollback':
    case 'superseded':
      return operate(view, event, nowMs);
    case 'device-asks':
      return asks(view, event.facts, nowMs);
    case 'device-progress':
      return progress(view, event, nowMs);
    case 'device-reported':
      return reported(view, event, nowMs);
    case 'device-due':
      return due(view, nowMs);
    case 'device-left':
      return left(view, event, nowMs);
    case 'device-recalled':
      return recalled(view, nowMs);
    case 'device-retried':
      return retried(view, nowMs);
  }
}
