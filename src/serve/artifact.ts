import { createHash } from 'node:crypto';

/** Immutable bytes that devices may download, with all that a response says about them. */
export interface Artifact {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Lower-case hex, for Arduino's `x-MD5`. */
  readonly md5: string;
  /**
   * The SHA-256 that ends the image and that a device reports of what it runs; lower-case hex, `null`
   * where the image has none. A device that runs this very image is told so instead of sent it.
   */
  readonly imageHash: string | null;
  /** The bytes from `start` up to `end`. Where they are in memory this is a view, never a copy. */
  slice(start: number, end: number): Uint8Array | Promise<Uint8Array>;
}

/**
 * Bytes in memory as an artifact. They are frozen from here on: whoever calls this must not write to
 * them, since every download in flight reads the same memory.
 */
export function memoryArtifact(bytes: Uint8Array, imageHash: string | null = null): Artifact {
  return {
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    md5: createHash('md5').update(bytes).digest('hex'),
    imageHash,
    slice: (start, end) => bytes.subarray(start, end),
  };
}

/** The strong entity tag of an artifact: its SHA-256, quoted. */
export function entityTag(artifact: Pick<Artifact, 'sha256'>): string {
  return `"${artifact.sha256}"`;
}
