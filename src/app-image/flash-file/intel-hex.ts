import { AppImageError } from '../codes.ts';
import { type FlashRange, joinRanges } from './range.ts';

const DATA = 0;
const END_OF_FILE = 1;
const EXTENDED_SEGMENT = 2;
const START_SEGMENT = 3;
const EXTENDED_LINEAR = 4;
const START_LINEAR = 5;

const LINE_BYTES = 16;
const BANK_BYTES = 0x10000;

/**
 * Writes Intel HEX: lines of 16 bytes, one type-04 record where the upper half of the address changes,
 * gaps left out. The same bytes as `esptool merge-bin --format hex`.
 */
export function serializeIntelHex(ranges: readonly FlashRange[]): string {
  const joined = joinRanges(ranges);
  const last = joined.at(-1);
  const needsBanks = last !== undefined && last.flashOffset + last.bytes.length > BANK_BYTES;
  const out = new HexWriter(joined);
  let bank = needsBanks ? -1 : 0;
  for (const { flashOffset, bytes } of joined) {
    let index = 0;
    while (index < bytes.length) {
      const address = flashOffset + index;
      const addressBank = Math.floor(address / BANK_BYTES);
      if (addressBank !== bank) {
        bank = addressBank;
        out.record(EXTENDED_LINEAR, 0, Uint8Array.of(bank >>> 8, bank & 0xff));
      }
      const low = address % BANK_BYTES;
      const length = Math.min(LINE_BYTES, BANK_BYTES - low, bytes.length - index);
      out.record(DATA, low, bytes.subarray(index, index + length));
      index += length;
    }
  }
  out.record(END_OF_FILE, 0, new Uint8Array(0));
  return out.text();
}

/** `:`, four bytes before the data, 16 bytes, the checksum, and a line end. */
const LONGEST_LINE = 1 + 2 * (4 + LINE_BYTES + 1) + 1;

/** Puts records into one piece of memory: a large image has a million of them. */
class HexWriter {
  readonly #characters: Uint8Array;
  #length = 0;

  constructor(ranges: readonly FlashRange[]) {
    const lines = ranges.reduce((sum, { bytes }) => {
      const banks = Math.ceil(bytes.length / BANK_BYTES) + 1;
      // Every bank costs a record of its own, and may cut a line in two.
      return sum + Math.ceil(bytes.length / LINE_BYTES) + 2 * banks;
    }, 1);
    this.#characters = new Uint8Array(lines * LONGEST_LINE);
  }

  record(type: number, address: number, data: Uint8Array): void {
    this.#characters[this.#length++] = 0x3a;
    let sum = this.#byte(data.length) + this.#byte(address >>> 8);
    sum += this.#byte(address & 0xff) + this.#byte(type);
    for (let index = 0; index < data.length; index += 1) sum += this.#byte(data[index] ?? 0);
    this.#byte(-sum & 0xff);
    this.#characters[this.#length++] = 0x0a;
  }

  text(): string {
    return new TextDecoder().decode(this.#characters.subarray(0, this.#length));
  }

  #byte(value: number): number {
    this.#characters[this.#length++] = digit(value >>> 4);
    this.#characters[this.#length++] = digit(value & 0xf);
    return value;
  }
}

function digit(value: number): number {
  return value < 10 ? 0x30 + value : 0x37 + value;
}

/**
 * Reads Intel HEX with linear or segmented addresses.
 *
 * @throws AppImageError `app-image/bad-intel-hex` with the line
 */
export function parseIntelHex(text: string): readonly FlashRange[] {
  const ranges: FlashRange[] = [];
  let base = 0;
  let chunks: Uint8Array[] = [];
  let start = 0;
  let next = 0;
  const finish = () => {
    if (chunks.length > 0) ranges.push({ flashOffset: start, bytes: join(chunks, next - start) });
    chunks = [];
  };
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    if (line.trim() === '') continue;
    const { type, address, data } = parseRecord(line.trim(), index + 1);
    if (type === END_OF_FILE) {
      finish();
      return joinRanges(ranges);
    }
    if (type === EXTENDED_LINEAR) base = bigEndian(data) * BANK_BYTES;
    else if (type === EXTENDED_SEGMENT) base = bigEndian(data) * 16;
    else if (type === DATA) {
      if (base + address !== next || chunks.length === 0) {
        finish();
        start = base + address;
      }
      chunks.push(data);
      next = base + address + data.length;
    } else if (type !== START_SEGMENT && type !== START_LINEAR) {
      throw bad(index + 1, `has a record of the unknown type ${type}`);
    }
  }
  throw new AppImageError('app-image/bad-intel-hex', 'the file has no end record (:00000001FF)', {
    hint: 'The file is cut short. Make or copy it again.',
  });
}

function parseRecord(line: string, number: number) {
  const bytes = new Uint8Array(Math.max(0, (line.length - 1) >>> 1));
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const value =
      (hexDigit(line.charCodeAt(1 + 2 * index)) << 4) | hexDigit(line.charCodeAt(2 + 2 * index));
    if (value < 0) throw bad(number, 'is no record of hex digits');
    bytes[index] = value;
    sum += value;
  }
  if (line[0] !== ':' || line.length % 2 === 0 || bytes.length < 5) {
    throw bad(number, 'is no record of hex digits');
  }
  const [length = 0, high = 0, low = 0, type = 0] = bytes;
  if (bytes.length !== length + 5) {
    throw bad(number, `declares ${length} bytes and has ${bytes.length - 5}`);
  }
  if ((sum & 0xff) !== 0) throw bad(number, 'has a wrong checksum');
  return { type, address: high * 256 + low, data: bytes.subarray(4, -1) };
}

/** The value of a hex digit by its character code; negative for anything else. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code & ~0x20;
  return letter >= 0x41 && letter <= 0x46 ? letter - 0x37 : -1;
}

function bigEndian(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function bad(line: number, what: string): AppImageError {
  return new AppImageError('app-image/bad-intel-hex', `line ${line} ${what}`, {
    hint: 'The file is damaged. Make or copy it again.',
    details: { line },
  });
}
