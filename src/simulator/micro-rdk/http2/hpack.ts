import { decodeHuffman } from './huffman.ts';
import { STATIC_TABLE } from './static-table.ts';

/** One header field, its name in lower case as HTTP/2 has it. */
export type HeaderField = readonly [name: string, value: string];

/** What RFC 7541 §4.1 charges for an entry beside its bytes. */
const ENTRY_OVERHEAD = 32;
/** The size of the dynamic table that a peer may use while our SETTINGS say nothing of it. */
const TABLE_SIZE_LIMIT = 4096;

/** A header block that breaks RFC 7541; the whole connection is lost with it. */
export class HpackError extends Error {}

/** Decodes the header blocks of one connection, in their order, with the table that they share. */
export class HpackDecoder {
  #dynamic: HeaderField[] = [];
  #dynamicBytes = 0;
  #capacity = TABLE_SIZE_LIMIT;

  /** @throws HpackError */
  decode(block: Uint8Array): readonly HeaderField[] {
    const fields: HeaderField[] = [];
    const reader = new BlockReader(block);
    while (!reader.atEnd) {
      const first = reader.peek();
      if (first & 0x80) {
        fields.push(this.#field(reader.integer(7)));
      } else if (first & 0x40) {
        const field = this.#literal(reader, reader.integer(6));
        this.#insert(field);
        fields.push(field);
      } else if (first & 0x20) {
        const capacity = reader.integer(5);
        if (capacity > TABLE_SIZE_LIMIT) throw new HpackError('table size over the limit');
        this.#capacity = capacity;
        this.#evict();
      } else {
        fields.push(this.#literal(reader, reader.integer(4)));
      }
    }
    return fields;
  }

  #literal(reader: BlockReader, nameIndex: number): HeaderField {
    const name = nameIndex === 0 ? reader.string() : this.#field(nameIndex)[0];
    return [name, reader.string()];
  }

  #field(index: number): HeaderField {
    const field = STATIC_TABLE[index - 1] ?? this.#dynamic[index - 1 - STATIC_TABLE.length];
    if (field === undefined) throw new HpackError(`no header field with index ${index}`);
    return field;
  }

  #insert(field: HeaderField): void {
    this.#dynamic.unshift(field);
    this.#dynamicBytes += fieldBytes(field);
    this.#evict();
  }

  #evict(): void {
    while (this.#dynamicBytes > this.#capacity) {
      const oldest = this.#dynamic.pop();
      if (oldest === undefined) return;
      this.#dynamicBytes -= fieldBytes(oldest);
    }
  }
}

function fieldBytes([name, value]: HeaderField): number {
  return Buffer.byteLength(name, 'latin1') + Buffer.byteLength(value, 'latin1') + ENTRY_OVERHEAD;
}

class BlockReader {
  readonly #block: Uint8Array;
  #position = 0;

  constructor(block: Uint8Array) {
    this.#block = block;
  }

  get atEnd(): boolean {
    return this.#position >= this.#block.length;
  }

  peek(): number {
    const byte = this.#block[this.#position];
    if (byte === undefined) throw new HpackError('header block cut short');
    return byte;
  }

  /** An integer that starts in the low bits of the next byte (RFC 7541 §5.1). */
  integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = this.#next() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.#next();
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw new HpackError('integer too large');
  }

  string(): string {
    const huffman = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    const bytes = this.#block.subarray(this.#position, this.#position + length);
    if (bytes.length < length) throw new HpackError('header block cut short');
    this.#position += length;
    const plain = huffman ? decodeHuffman(bytes) : bytes;
    if (plain === null) throw new HpackError('bad Huffman code');
    // One character per byte, so that nothing of a value is lost.
    return Buffer.from(plain).toString('latin1');
  }

  #next(): number {
    const byte = this.peek();
    this.#position += 1;
    return byte;
  }
}

/** The pseudo-headers of a GET, which are all that the device sends; no table, no Huffman code. */
export function encodeGetRequest(target: {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
}): Buffer {
  const scheme =
    target.scheme === 'http'
      ? Buffer.of(0x86)
      : target.scheme === 'https'
        ? Buffer.of(0x87)
        : literal(6, target.scheme);
  return Buffer.concat([
    Buffer.of(0x82),
    scheme,
    literal(1, target.authority),
    literal(4, target.path),
  ]);
}

function literal(nameIndex: number, value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([Buffer.of(nameIndex), stringLength(bytes.length), bytes]);
}

function stringLength(length: number): Buffer {
  if (length < 127) return Buffer.of(length);
  const bytes = [127];
  let rest = length - 127;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
