import type { DetachedSignature } from '../signature/detached-signature.ts';
import type { PackageKind } from '../packages/package.ts';
import type { Device } from './device.ts';

/** A device that has proved who it is, for the length of one request or connection. */
export interface DeviceContact {
  readonly device: Device;
  readonly atMs: number;
}

/** What a device should do now. */
export interface Assignment {
  readonly deploymentId: string | null;
  readonly sequence: number;
  /** When to ask again, jittered so that a fleet never arrives at once. */
  readonly pollAfterMs: number;
  readonly packages: readonly PackageAssignment[];
}

/** One package of a device: nothing to do, not yet, or an artifact to fetch. */
export type PackageAssignment =
  | { readonly kind: 'up-to-date'; readonly packageId: string; readonly version: string }
  | {
      readonly kind: 'wait';
      readonly packageId: string;
      /** Outside the window, not in this phase, penalty, paused, incompatible, too old: in words. */
      readonly reason: string;
      readonly retryAfterMs: number | null;
    }
  | {
      readonly kind: 'update';
      readonly packageId: string;
      readonly packageKind: PackageKind;
      readonly rolloutId: string | null;
      readonly artifactId: string;
      readonly version: string;
      readonly sizeBytes: number;
      readonly sha256: string;
      readonly md5: string;
      readonly secureVersion: number | null;
      readonly signatures: readonly DetachedSignature[];
      readonly releaseNotes: string;
    };

/** How far a device says it is. It cannot say that it succeeded: that is what a boot report proves. */
export interface ProgressReport {
  readonly packageId: string;
  readonly rolloutId: string | null;
  /** The version it is moving to, where it says so. */
  readonly targetVersion: string | null;
  readonly state:
    | 'downloading'
    | 'verifying'
    | 'installing'
    | 'rebooting'
    | 'failed'
    | 'rolled-back';
  /** Why, in the device's words; at most 512 characters are kept. */
  readonly error: string | null;
  /** 0 to 100. */
  readonly percent: number | null;
  /** Of the boot that it runs since; see {@link BootReport}. */
  readonly bootCount?: number | null | undefined;
}

/** How a download ended, by what the server sent. */
export interface DownloadEnd {
  /** All bytes were sent, in one piece or in many; or a request was broken off before its end. */
  readonly kind: 'completed' | 'cut';
  readonly packageId: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Bytes of the artifact that arrived by now, each counted once; of what was cut off, none yet. */
  readonly coveredBytes: number;
  /** The same with everything that was sent twice. */
  readonly sentBytes: number;
  readonly requests: number;
  /** Since the first of these requests began. */
  readonly durationMs: number;
  /** Of `cut`. */
  readonly reason: 'peer-gone' | 'too-slow' | 'shut-down' | null;
}

/** What a device runs, said after a boot (`sinceBoot` false: said again while it still runs). */
export interface BootReport {
  readonly packageId: string;
  readonly version: string;
  readonly imageHash: string | null;
  readonly appElfSha256: string | null;
  readonly secureVersion: number | null;
  /** False for a report that only repeats what runs, which never counts as a boot by itself. */
  readonly sinceBoot: boolean;
  /**
   * A number that is higher at each boot, for devices that keep one; then old reports are refused. With the
   * number of its last boot a device may only report what it was offered, and no app image.
   */
  readonly bootCount?: number | null | undefined;
}
