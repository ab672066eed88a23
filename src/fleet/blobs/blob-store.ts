import type { ByteSource } from '../../shared/index.ts';

/**
 * The bytes of artifacts, each kept once under its SHA-256. Bytes come in through a staged blob, which
 * becomes visible only by `commit`: what was interrupted, refused or torn by a crash is never there.
 */
export interface BlobStore {
  /** Somewhere to write the bytes that are coming in; more than `maxBytes` are refused. */
  stage(options?: { readonly maxBytes?: number }): Promise<BlobStage>;
  /** `null` when there are no such bytes. */
  open(sha256: string): Promise<Blob | null>;
  has(sha256: string): Promise<boolean>;
  /** Whether there was something to delete. */
  delete(sha256: string): Promise<boolean>;
  /** Everything that is there, in no particular order. */
  list(): AsyncIterable<{ readonly sha256: string; readonly sizeBytes: number }>;
}

/** Bytes that are coming in; disposing it drops whatever was not committed. */
export interface BlobStage extends AsyncDisposable {
  /** Rejects with `fleet/too-large` where these would be too many. */
  write(bytes: Uint8Array): Promise<void>;
  /** No more bytes come; says what came. */
  finish(): Promise<StagedBlob>;
}

/** All bytes are here, to be looked at before they count. */
export interface StagedBlob {
  readonly source: ByteSource;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Lower-case hex. */
  readonly md5: string;
  /** Durable and visible when it resolves; the same bytes committed twice are kept once. */
  commit(): Promise<void>;
}

/** Bytes that are kept, open for reading until disposed. */
export interface Blob extends AsyncDisposable {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Bytes `start` up to, not including, `end`. */
  slice(start: number, end: number): Promise<Uint8Array>;
}
