import { FleetError } from '../codes.ts';
import type { Repositories } from '../repositories.ts';
import { parseVersion } from '../versions/version.ts';
import type { Artifact } from './artifact.ts';

/**
 * At most one artifact exists per package, version and blueprint. `v1.2.0` is 1.2.0 here.
 *
 * @throws FleetError `fleet/exists`, with `identical` true where the very same was uploaded before
 */
export async function refuseSecond(repositories: Repositories, wanted: Artifact): Promise<void> {
  const { packageId, version } = wanted;
  const found = await Promise.all(
    spellings(version).map((spelling) =>
      repositories.artifacts.list({ packageId, version: spelling }, { page: 0, perPage: 1000 }),
    ),
  );
  const other = found
    .flatMap(({ list }) => list)
    .find(({ blueprintIds }) => overlap(blueprintIds, wanted.blueprintIds));
  if (other === undefined) return;
  const identical = isSame(other, wanted);
  const hardware = other.blueprintIds.join(', ') || 'any hardware';
  throw new FleetError(
    'fleet/exists',
    identical
      ? `${packageId}@${version} is there already, with these very bytes: ${other.artifactId}.`
      : `${packageId}@${other.version} is there already for ${hardware}: ${other.artifactId}.`,
    {
      hint: identical
        ? whatIsLeft(other, wanted)
        : 'An artifact never changes: upload it as another version.',
      details: { artifactId: other.artifactId, identical },
    },
  );
}

function whatIsLeft(present: Artifact, wanted: Artifact): string {
  const lacks = wanted.signatures.some(
    ({ keyId }) => !present.signatures.some((signature) => signature.keyId === keyId),
  );
  return lacks
    ? `Only its signature is new: otakit artifact add-signature ${present.artifactId} FILE`
    : 'Nothing is left to do: use that one.';
}

function isSame(a: Artifact, b: Artifact): boolean {
  return (
    a.version === b.version &&
    a.sha256 === b.sha256 &&
    a.minVersion === b.minVersion &&
    a.blueprintIds.join() === b.blueprintIds.join()
  );
}

/** None means any hardware. */
function overlap(a: readonly string[], b: readonly string[]): boolean {
  return a.length === 0 || b.length === 0 || a.some((blueprintId) => b.includes(blueprintId));
}

function spellings(version: string): readonly string[] {
  if (parseVersion(version).kind === 'opaque') return [version];
  const bare = version.replace(/^[v=\s]+/, '');
  return [...new Set([version, bare, `v${bare}`])];
}
