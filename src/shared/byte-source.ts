import { BytesError } from './bytes-error.ts';

/**
 * Random access to bytes that may be too many to hold: a file, a flash chip, or plain memory.
 * Readers of formats take one of these, so that a 32 MB dump is never held twice.
 */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Exactly `length` bytes from `offset`; rejects with `bytes/read-past-end` where there are fewer. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes in memory as a source; reads are views, not copies. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: async (offset, length) => {
      assertWithin(bytes.length, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** A window of another source, with offsets counted from its own start. */
export function sliceSource(source: ByteSource, offset: number, sizeBytes: number): ByteSource {
  assertWithin(source.sizeBytes, offset, sizeBytes);
  return {
    sizeBytes,
    read: async (innerOffset, length) => {
      assertWithin(sizeBytes, innerOffset, length);
      return source.read(offset + innerOffset, length);
    },
  };
}

/** As many of `length` bytes from `offset` as there are. For looking at a file whose size is unknown. */
export async function readUpTo(
  source: ByteSource,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const available = Math.max(0, source.sizeBytes - offset);
  return source.read(Math.min(offset, source.sizeBytes), Math.min(length, available));
}

function assertWithin(sizeBytes: number, offset: number, length: number): void {
  if (offset >= 0 && length >= 0 && offset + length <= sizeBytes) return;
  throw new BytesError(
    'bytes/read-past-end',
    `Reading ${length} bytes at offset ${offset} goes past the end at ${sizeBytes}`,
    {
      hint: 'The file is cut short. Build or copy it again.',
      details: { need: length, have: Math.max(0, sizeBytes - offset), fileOffset: offset },
    },
  );
}
