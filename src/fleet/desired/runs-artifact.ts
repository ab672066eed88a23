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
  if (reported.imageHash !== null && isHashOf(reported.imageHash, artifact, siblings)) return true;
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

/** One that other bytes have, too, tells nothing: images of one ELF file that were patched since. */
function isHashOf(hash: string, artifact: Artifact, siblings: readonly Artifact[]): boolean {
  return (
    hashesOf(artifact).includes(hash) &&
    !siblings.some((other) => other.sha256 !== artifact.sha256 && hashesOf(other).includes(hash))
  );
}

function hashesOf({ image, sha256 }: Artifact): readonly unknown[] {
  return [image?.imageHash, image?.appElfSha256, sha256];
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
