import { compareVersions, parseVersion, sameVersion } from './version.ts';

/** What of an artifact decides whether a device may go to it. An `Artifact` is nearly one. */
export interface Step {
  readonly version: string;
  /** The oldest version that may take it, `null` for any. */
  readonly minVersion: string | null;
  /** `esp_app_desc_t.secure_version`; 0 where there is none. */
  readonly secureVersion: number;
}

/** Where a device stands; `null` for what it never reported. */
export interface Standing {
  readonly version: string | null;
  readonly secureVersion: number | null;
}

/** What a device takes next on its way to a target. */
export type NextStep<S extends Step> =
  | { readonly kind: 'target'; readonly step: S }
  /** The device is too old for the target; `path` is all the way there, the target included. */
  | { readonly kind: 'stepping-stone'; readonly step: S; readonly path: readonly S[] }
  | { readonly kind: 'no-path'; readonly reason: string };

/**
 * Which artifact a device takes first to get to `target`, and then again from there: the target itself
 * where its `minVersion` allows that, otherwise the first stone of the shortest way over `history`, of
 * several equally short ones the one by the newest stone. A way only ever rises, in version and in
 * secure version (a bootloader with anti-rollback refuses anything lower), and never beyond the target.
 *
 * @param history artifacts of the same package that fit the device's hardware
 */
export function nextStep<S extends Step>(
  device: Standing,
  target: S,
  history: readonly S[],
): NextStep<S> {
  const fuse = device.secureVersion ?? 0;
  if (target.secureVersion < fuse) {
    return noPath(
      `its bootloader refuses ${target.version}: that has secure version ${target.secureVersion}, the device is at ${fuse}`,
    );
  }
  const obstacle = obstacleBetween(device.version, target);
  if (obstacle === null) return { kind: 'target', step: target };

  const path = shortestPath(device, target, history);
  const [first] = path ?? [];
  if (path === null || first === undefined) {
    return noPath(`${obstacle}, and no artifact of the package leads there`);
  }
  return { kind: 'stepping-stone', step: first, path };
}

/** Breadth first: a newer stone is no safe choice by itself, since its secure version may cut off others. */
function shortestPath<S extends Step>(
  device: Standing,
  target: S,
  history: readonly S[],
): readonly S[] | null {
  const stones = history
    .filter((stone) => liesBefore(stone.version, target.version))
    .sort((a, b) => newestFirst(a.version, b.version));
  const seen = new Set<S>();
  let ways: { readonly at: Standing; readonly path: readonly S[] }[] = [{ at: device, path: [] }];
  while (ways.length > 0) {
    const longer: typeof ways = [];
    for (const { at, path } of ways) {
      if (path.length > 0 && isOpen(at, target)) return [...path, target];
      for (const stone of stones) {
        if (seen.has(stone) || !isOpen(at, stone) || !rises(at.version, stone.version)) continue;
        seen.add(stone);
        longer.push({ at: stone, path: [...path, stone] });
      }
    }
    ways = longer;
  }
  return null;
}

function isOpen(from: Standing, to: Step): boolean {
  return (
    to.secureVersion >= (from.secureVersion ?? 0) && obstacleBetween(from.version, to) === null
  );
}

/** Why a device with this version may not take a step, or `null`. */
function obstacleBetween(current: string | null, { version, minVersion }: Step): string | null {
  if (minVersion === null) return null;
  const needs = `${version} needs ${minVersion} or newer`;
  if (current === null) return `${needs}, and the device has not said what it runs`;
  if (sameVersion(current, minVersion)) return null;
  const [has, least] = [parseVersion(current), parseVersion(minVersion)];
  if (has.kind === 'opaque' || least.kind === 'opaque') {
    return `${needs}, and ${current} cannot be compared with that`;
  }
  return compareVersions(has, least) < 0 ? `${needs}, the device runs ${current}` : null;
}

/** From a version that has no order any stone counts as a way up: it is known where one is after it. */
function rises(from: string | null, to: string): boolean {
  if (from === null) return true;
  const [a, b] = [parseVersion(from), parseVersion(to)];
  return a.kind === 'opaque' || b.kind === 'opaque'
    ? !sameVersion(from, to)
    : compareVersions(a, b) < 0;
}

function liesBefore(version: string, target: string): boolean {
  const [a, b] = [parseVersion(version), parseVersion(target)];
  return a.kind === 'semantic' && b.kind === 'semantic' && compareVersions(a, b) < 0;
}

function newestFirst(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return left.kind === 'semantic' && right.kind === 'semantic' ? compareVersions(right, left) : 0;
}

function noPath<S extends Step>(reason: string): NextStep<S> {
  return { kind: 'no-path', reason };
}
