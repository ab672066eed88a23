import type { ChipName } from '../../chips/index.ts';
import type { Artifact } from '../artifacts/artifact.ts';
import { serializeCanonicalJson } from './canonical-json.ts';

/** The first member of what is signed, so that no signature made for anything else can pass as one. */
const FORMAT = 'otakit-artifact-1';

/**
 * What a signature is over: not only the bytes, but also what they are and where they may go, so that
 * a signed image cannot be passed off as another version or for another board.
 *
 * What is signed are the UTF-8 bytes of this one JSON object in the canonical form of RFC 8785 (members
 * in this order, no white space, no line end):
 *
 * ```json
 * {"blueprints":["sensor-v2"],"chip":"esp32c3","format":"otakit-artifact-1","package":"main",
 *  "secureVersion":0,"sequence":1,"sha256":"<64 hex digits>","size":917504,"version":"1.1.0"}
 * ```
 *
 * (shown here on two lines). `format` ends in the version of the format: whoever adds a member raises
 * it. `blueprints` is sorted by UTF-16 code units. `chip` and `secureVersion` are `null` for a package
 * that is no app image. Ed25519 signs these bytes as they are, ECDSA P-256 their SHA-256.
 */
export interface ArtifactManifest {
  readonly packageId: string;
  readonly version: string;
  readonly chip: ChipName | null;
  /** Sorted; empty only for a binary that runs on any. */
  readonly blueprintIds: readonly string[];
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly secureVersion: number | null;
  /** Deployments with a lower sequence may not have it; 1 leaves that open. */
  readonly sequence: number;
}

/** The very bytes that are signed; see {@link ArtifactManifest} for the format. */
export function serializeManifest(manifest: ArtifactManifest): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(serializeCanonicalJson(toWire(manifest)));
}

/** What a signature of an artifact has to be over. */
export function manifestOf(
  artifact: Pick<Artifact, 'packageId' | 'version' | 'blueprintIds' | 'sizeBytes' | 'sha256'> & {
    readonly image: Pick<NonNullable<Artifact['image']>, 'chip' | 'secureVersion'> | null;
  },
  sequence: number,
): ArtifactManifest {
  const { packageId, version, blueprintIds, sizeBytes, sha256, image } = artifact;
  return {
    packageId,
    version,
    chip: image?.chip ?? null,
    blueprintIds: [...blueprintIds].sort(),
    sizeBytes,
    sha256,
    secureVersion: image?.secureVersion ?? null,
    sequence,
  };
}

/** One field in which two manifests are not the same. */
export interface ManifestDifference {
  readonly field: keyof ArtifactManifest;
  readonly signed: string;
  readonly actual: string;
}

/** Field by field what was signed and what is there. */
export function diffManifests(
  signed: ArtifactManifest,
  actual: ArtifactManifest,
): readonly ManifestDifference[] {
  const fields = Object.keys(actual) as (keyof ArtifactManifest)[];
  return fields
    .map((field) => ({ field, signed: shown(signed[field]), actual: shown(actual[field]) }))
    .filter((pair) => pair.signed !== pair.actual);
}

function shown(value: ArtifactManifest[keyof ArtifactManifest]): string {
  if (value === null) return 'none';
  return typeof value === 'object' ? [...value].sort().join(', ') || 'any' : String(value);
}

function toWire({ packageId, blueprintIds, sizeBytes, ...same }: ArtifactManifest) {
  return {
    ...same,
    format: FORMAT,
    package: packageId,
    blueprints: [...blueprintIds].sort(),
    size: sizeBytes,
  };
}
