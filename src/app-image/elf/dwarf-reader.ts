import { ByteReader } from '../../shared/index.ts';

/** {@link ByteReader} with what DWARF adds to it: numbers of variable length and C strings. */
export class DwarfReader {
  readonly #bytes: Uint8Array;
  readonly #reader: ByteReader;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#reader = new ByteReader(bytes);
  }

  get remaining(): number {
    return this.#reader.remaining;
  }

  u8(field: string): number {
    return this.#reader.u8(field);
  }

  i8(field: string): number {
    return (this.#reader.u8(field) << 24) >> 24;
  }

  u16(field: string): number {
    return this.#reader.u16(field);
  }

  u32(field: string): number {
    return this.#reader.u32(field);
  }

  bytes(length: number, field: string): Uint8Array {
    return this.#reader.bytes(length, field);
  }

  skip(length: number, field: string): void {
    this.#reader.skip(length, field);
  }

  /** Unsigned LEB128. Exact up to 53 bits; nothing that is read here is larger. */
  uleb(field: string): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#reader.u8(field);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** Signed LEB128. */
  sleb(field: string): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#reader.u8(field);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - scale * 128;
    }
  }

  /** The text up to the next NUL, which is read too. */
  string(field: string): string {
    const start = this.#bytes.length - this.#reader.remaining;
    const end = this.#bytes.indexOf(0, start);
    const length = (end < 0 ? this.#bytes.length : end) - start;
    const text = new TextDecoder().decode(this.#reader.bytes(length, field));
    this.#reader.skip(1, field);
    return text;
  }
}
