import { BytesError } from './bytes-error.ts';

/**
 * A little-endian cursor over bytes that refuses to read past the end: every read names its field,
 * so that a truncated file says *which* field is missing.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #baseOffset: number;
  #position = 0;

  /** @param baseOffset where `bytes` starts in the file, so that errors name file offsets. */
  constructor(bytes: Uint8Array, baseOffset = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#baseOffset = baseOffset;
  }

  /** Where the next read starts, from the start of the file. */
  get fileOffset(): number {
    return this.#baseOffset + this.#position;
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#advance(1, field));
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#advance(2, field), true);
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#advance(4, field), true);
  }

  /** The next `length` bytes, as a view on the same memory. */
  bytes(length: number, field: string): Uint8Array {
    const start = this.#advance(length, field);
    return this.#bytes.subarray(start, start + length);
  }

  skip(length: number, field: string): void {
    this.#advance(length, field);
  }

  #advance(length: number, field: string): number {
    if (length > this.remaining) {
      throw new BytesError(
        'bytes/read-past-end',
        `${field} needs ${length} bytes at offset ${this.fileOffset}, but only ${this.remaining} are left`,
        {
          hint: 'The file is cut short. Build or copy it again.',
          details: { need: length, have: this.remaining, fileOffset: this.fileOffset, field },
        },
      );
    }
    const start = this.#position;
    this.#position += length;
    return start;
  }
}

/** Whether two byte strings are the same. Not for secrets: it stops at the first difference. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** One array out of several, in order. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Rounds up to a multiple of `alignment`. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/**
 * A fixed-width C string: the bytes before the first NUL (all of them where there is none), or
 * `null` where they are not UTF-8.
 */
export function decodeCString(bytes: Uint8Array): string | null {
  const end = bytes.indexOf(0);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      end < 0 ? bytes : bytes.subarray(0, end),
    );
  } catch {
    return null;
  }
}
