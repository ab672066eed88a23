import type { Cohort } from '../cohorts/cohort.ts';
import type { Device } from '../devices/device.ts';
import type { Release } from '../releases/release.ts';
import type { RolloutAnswer } from '../rollouts/decision.ts';
import type { Rollout } from '../rollouts/rollout.ts';

/** What decides which deployment a device should run. */
export interface DesiredInputs {
  readonly device: Pick<Device, 'pinnedDeploymentId' | 'blueprintId' | 'tags'>;
  /** The one it is in. */
  readonly cohort: Pick<Cohort, 'activeDeploymentId'> | null;
  /** The rollout that concerns its cohort, and what that says to this device. */
  readonly rollout: { readonly rollout: Rollout; readonly answer: RolloutAnswer } | null;
  readonly releases: readonly Release[];
}

/** Which deployment, and on whose word. */
export interface Desired {
  readonly deploymentId: string | null;
  readonly source: 'pinned' | 'rollout' | 'cohort' | 'release' | 'none';
  readonly rolloutId: string | null;
  /** It should run the deployment, but not take anything of it now. */
  readonly hold: { readonly reason: string; readonly retryAtMs: number | null } | null;
}

const NOTHING: Desired = { deploymentId: null, source: 'none', rolloutId: null, hold: null };

/**
 * What a device should run: its own pinned deployment, then its cohort's (within the cut of a rollout that
 * rollout's), then the newest enabled release that matches it.
 */
export function resolveDesired({ device, cohort, rollout, releases }: DesiredInputs): Desired {
  if (device.pinnedDeploymentId !== null) {
    return { ...NOTHING, deploymentId: device.pinnedDeploymentId, source: 'pinned' };
  }
  if (rollout !== null && rollout.answer.kind !== 'cohort') {
    const { rollout: it, answer } = rollout;
    const deploymentId =
      answer.kind === 'back' || backDeploymentOf(it) !== null
        ? backDeploymentOf(it)
        : it.deploymentId;
    return {
      deploymentId,
      source: 'rollout',
      rolloutId: it.rolloutId,
      hold: answer.kind === 'hold' ? answer : null,
    };
  }
  if (cohort !== null && cohort.activeDeploymentId !== null) {
    return { ...NOTHING, deploymentId: cohort.activeDeploymentId, source: 'cohort' };
  }
  const release = newestMatch(device, releases);
  return release === null
    ? NOTHING
    : { ...NOTHING, deploymentId: release.deploymentId, source: 'release' };
}

/** The deployment that takes a rollout back, `null` while it goes forward or is simply over. */
export function backDeploymentOf({ state }: Rollout): string | null {
  return state.kind === 'rolling-back' || state.kind === 'failed' ? state.deploymentId : null;
}

function newestMatch(
  device: Pick<Device, 'blueprintId' | 'tags'>,
  releases: readonly Release[],
): Release | null {
  return releases
    .filter(
      ({ enabled, blueprintId, deviceTags }) =>
        enabled &&
        (blueprintId === null || blueprintId === device.blueprintId) &&
        deviceTags.every((tag) => device.tags.includes(tag)),
    )
    .reduce<Release | null>(
      (newest, release) =>
        newest === null || release.sequence > newest.sequence ? release : newest,
      null,
    );
}
