import type { Artifact } from '../artifacts/artifact.ts';
import type { ReportedPackage } from '../devices/device.ts';
import type { Standing } from '../rollouts/decision.ts';
import { compareVersions, parseVersion, sameVersion } from '../versions/version.ts';

/** Whether what a device reports of a package is this artifact: by its version or by a hash of it. */
export function runsArtifact(
  reported: Pick<ReportedPackage, 'version' | 'imageHash'> | undefined,
  artifact: Artifact,
  siblings: readonly Artifact[],
): boolean {
  if (reported === undefined) return false;
  const { image } = artifact;
  if (sameVersion(reported.version, artifact.version)) return true;
  const { imageHash } = reported;
  const hashes = [image?.imageHash, image?.appElfSha256, artifact.sha256];
  if (imageHash !== null && hashes.includes(imageHash)) return true;
  // The version within the image, where it is this one's alone: many builds never change theirs.
  const inside = image?.descriptorVersion ?? null;
  return (
    inside !== null &&
    inside === reported.version &&
    !siblings.some(
      (other) =>
        other.version !== artifact.version &&
        (other.image?.descriptorVersion === inside || sameVersion(other.version, inside)),
    )
  );
}

/** How a reported version that is not the target stands to the way there. */
export function standingOf(
  version: string,
  cameFrom: string | undefined,
  target: string,
): Exclude<Standing, 'target'> {
  if (cameFrom !== undefined && sameVersion(version, cameFrom)) return 'before';
  const [at, from, to] = [version, cameFrom ?? '', target].map(parseVersion);
  if (at?.kind !== 'semantic' || to?.kind !== 'semantic') return 'other';
  const rising = compareVersions(at, to) < 0;
  const risen = from?.kind !== 'semantic' || compareVersions(from, at) < 0;
  return rising && risen ? 'step' : 'other';
}
