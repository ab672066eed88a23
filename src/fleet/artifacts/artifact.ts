import type { ChipName } from '../../chips/index.ts';
import type { DetachedSignature } from '../signature/detached-signature.ts';

/** The immutable bytes of one package version. Only notes and signatures can be added later. */
export interface Artifact {
  readonly artifactId: string;
  readonly packageId: string;
  readonly version: string;
  /**
   * The hardware it was checked against, sorted; empty only for a `binary` that runs on any. At most
   * one artifact exists per package, version and blueprint.
   */
  readonly blueprintIds: readonly string[];
  readonly sizeBytes: number;
  /** Lower-case hex; also the name of the bytes in the blob store. */
  readonly sha256: string;
  /** Lower-case hex, for Arduino's `x-MD5`. */
  readonly md5: string;
  readonly releaseNotes: string;
  /** The oldest version of the package that may take this one; older devices get a stepping stone first. */
  readonly minVersion: string | null;
  /** What the image says of itself; `null` for a binary. */
  readonly image: ArtifactImage | null;
  readonly signatures: readonly DetachedSignature[];
  readonly createdAtMs: number;
  readonly revision: number;
}

/** Facts of an app image that decide where it may go and how a booted device is recognised. */
export interface ArtifactImage {
  readonly chip: ChipName;
  readonly projectName: string | null;
  /** The version in `esp_app_desc_t`, which a device reports by itself; may differ from the artifact's. */
  readonly descriptorVersion: string | null;
  /** `esp_app_desc_t.secure_version`: a device never boots an image below its own (anti-rollback). */
  readonly secureVersion: number;
  /** Lower-case hex: the SHA-256 that ends the image, `null` where it has none. */
  readonly imageHash: string | null;
  /** Lower-case hex. */
  readonly appElfSha256: string | null;
}
