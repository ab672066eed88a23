import { FleetError } from '../codes.ts';
import { checkText } from '../entity.ts';
import type { NewArtifact } from '../fleet.ts';
import { compareVersions, LONGEST_VERSION, parseVersion } from '../versions/version.ts';
import { tooLarge } from '../blobs/too-large.ts';

export const LONGEST_NOTES = 16 * 1024;
const MOST_BLUEPRINTS = 64;

/**
 * What can be said before any byte comes.
 *
 * @throws FleetError `fleet/invalid`, `fleet/too-large`
 */
export function checkAnnounced(fields: NewArtifact, maxBytes: number): void {
  const { sha256, sizeBytes, version, minVersion, blueprintIds, releaseNotes = '' } = fields;
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw invalid('sha256', 'sha256 is not 64 lower-case hex digits.', 'Take that of `sha256sum`.');
  }
  if (sizeBytes !== undefined) {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
      throw invalid('sizeBytes', `sizeBytes is ${sizeBytes}.`, 'Give the length in bytes.');
    }
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
  }
  if (blueprintIds.length > MOST_BLUEPRINTS) {
    throw invalid(
      'blueprintIds',
      `There are ${blueprintIds.length} blueprints.`,
      `Name at most ${MOST_BLUEPRINTS}.`,
    );
  }
  checkText('releaseNotes', releaseNotes, LONGEST_NOTES);
  if (version !== undefined) checkVersion(version);
  if (minVersion !== undefined) checkVersion(minVersion, 'minVersion');
}

/**
 * A version that can stand in lists, logs and on a terminal.
 *
 * @throws FleetError `fleet/invalid`
 */
export function checkVersion(version: string, field = 'version'): string {
  const clean =
    version.isWellFormed() && /^[^\p{C}\p{Z}](?:[^\p{C}]*[^\p{C}\p{Z}])?$/u.test(version);
  if (clean && version.length <= LONGEST_VERSION) return version;
  throw invalid(
    field,
    `${field} ${JSON.stringify(version.slice(0, 80))} is no version.`,
    `Take 1 to ${LONGEST_VERSION} characters, no control characters, no space at either end.`,
  );
}

/**
 * `minVersion` only means something where both are semantic versions and the older comes first.
 *
 * @throws FleetError `fleet/invalid`
 */
export function checkMinVersion(version: string, minVersion: string | undefined): string | null {
  if (minVersion === undefined) return null;
  const [own, least] = [parseVersion(version), parseVersion(minVersion)];
  if (own.kind === 'opaque' || least.kind === 'opaque') {
    const odd = least.kind === 'opaque' ? minVersion : version;
    throw invalid(
      'minVersion',
      `minVersion ${minVersion} for ${version} cannot be compared: ${odd} is no semantic version.`,
      'Use versions such as 1.2.3, or leave out minVersion.',
    );
  }
  if (compareVersions(least, own) < 0) return minVersion;
  throw invalid(
    'minVersion',
    `minVersion ${minVersion} is not below the version itself, ${version}.`,
    'Name the oldest version that can take this one.',
  );
}

/** A `fleet/invalid` about one field. */
export function invalid(field: string, message: string, hint: string): FleetError {
  return new FleetError('fleet/invalid', message, { hint, details: { field } });
}
