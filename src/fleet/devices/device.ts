import type { BootCounting } from './boot-count.ts';

/** One board: who it is, what group it is in, and what it last *booted*. */
export interface Device {
  /** Chosen by the user or by the device when it registers itself (often the MAC). */
  readonly deviceId: string;
  readonly name: string;
  readonly blueprintId: string | null;
  readonly cohortId: string | null;
  /** Sorted. */
  readonly tags: readonly string[];
  /** A disabled device is refused at the door. */
  readonly enabled: boolean;
  /** Its own deployment, before its cohort's and any release. */
  readonly pinnedDeploymentId: string | null;
  readonly credential: DeviceCredential | null;
  /** What it says that it runs, by package id. */
  readonly reported: Readonly<Record<string, ReportedPackage>>;
  /** By package: what it could not take, so that it is left alone with it for a growing time. */
  readonly failures: Readonly<Record<string, ArtifactFailures>>;
  /** What is known of its boots; absent for a device that never said a boot count. */
  readonly counting?: BootCounting | undefined;
  /** `esp_app_desc_t.secure_version` of what it booted, or higher where the device says so. */
  readonly secureVersion: number | null;
  readonly lastSeenAtMs: number | null;
  readonly lastBootedAtMs: number | null;
  readonly createdAtMs: number;
  readonly revision: number;
}

/** A per-device secret; only hashes are stored, the secret itself is shown once. */
export interface DeviceCredential {
  /** SHA-256 of the secret, lower-case hex. Secrets have 256 random bits, so no slow hash is needed. */
  readonly secretHash: string;
  /** Still accepted until the device used the new secret once, so that a rotation cannot lock it out. */
  readonly previousSecretHash: string | null;
  readonly createdAtMs: number;
}

/** One package as a device reports it. */
export interface ReportedPackage {
  readonly version: string;
  /** Lower-case hex of the image it booted, where it reports one. */
  readonly imageHash: string | null;
  readonly reportedAtMs: number;
  /** When it last booted this; `null` while it was only reported, not booted. */
  readonly bootedAtMs: number | null;
}

/** How often a device failed one artifact. */
export interface ArtifactFailures {
  readonly artifactId: string;
  readonly count: number;
  /** It is not offered the artifact before. */
  readonly notBeforeMs: number;
  /** It said that it restarts into the artifact, and has not booted since. */
  readonly rebooting: boolean;
  /** What it ran then, as far as it had said so. */
  readonly fromVersion: string | null;
}
