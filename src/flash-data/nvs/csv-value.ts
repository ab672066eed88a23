import { NvsError } from '../codes.ts';
import type { NvsCsvRow } from './csv-read.ts';
import { INTEGER_TYPES, integerRange, type NvsIntegerType } from './layout.ts';
import { parsePythonBase64, parsePythonHex, parsePythonInteger } from './python-values.ts';
import type { NvsValue } from './value.ts';

/** The encodings of the CSV, beside the integer types and the two that fill. */
const BYTE_ENCODINGS = ['string', 'binary', 'hex2bin', 'base64'] as const;

/** A value to write: text as it stands in a CSV, or the bytes of a file. */
export type RawValue = string | Uint8Array;

/** Where a value came from, for messages. */
export type ValueOrigin = Pick<NvsCsvRow, 'key'> & { readonly line?: number };

/**
 * The value of a row: `u8` … `i64`, `string`, `binary`, `hex2bin`, `base64`, `blob_fill(N;0xNN)`
 * (the text, filled up to N bytes) or `blob_sz_fill(N;0xNN)` (the same behind its length as u32).
 *
 * @throws NvsError `nvs/bad-encoding`, `nvs/bad-value`
 */
export function decodeValue(origin: ValueOrigin, encoding: string, raw: RawValue): NvsValue {
  const filled = /^blob_(sz_)?fill/.exec(encoding);
  if (filled !== null) return blob(fill(origin, encoding, filled[1] !== undefined, toBytes(raw)));
  if (encoding === 'hex2bin') {
    return blob(
      parsePythonHex(asText(origin, raw)) ?? bad(origin, 'is not hex, two digits a byte'),
    );
  }
  if (encoding === 'base64') {
    return blob(parsePythonBase64(asText(origin, raw)) ?? bad(origin, 'is not base64'));
  }
  if (encoding === 'string') return string(`${asText(origin, raw)}\0`);
  // In capitals nothing is decoded and no NUL is added; a warning goes with it.
  const lower = encoding.toLowerCase();
  if (lower === 'string') return string(asText(origin, raw));
  if (BYTE_ENCODINGS.some((name) => name === lower)) return blob(toBytes(raw));
  if (Object.hasOwn(INTEGER_TYPES, lower)) {
    return integer(origin, lower as NvsIntegerType, asText(origin, raw));
  }
  throw new NvsError('nvs/bad-encoding', `${place(origin)}: "${encoding}" is no encoding of NVS`, {
    hint: 'Use u8, i8, u16, i16, u32, i32, u64, i64, string, binary, hex2bin, base64, blob_fill(N;0xNN) or blob_sz_fill(N;0xNN).',
    details: { ...where(origin), encoding },
  });
}

/** Whether an encoding in capitals means something else than in lower case. */
export function isUndecoded(encoding: string): boolean {
  const lower = encoding.toLowerCase();
  return lower !== encoding && ['string', 'hex2bin', 'base64'].includes(lower);
}

function integer(origin: ValueOrigin, type: NvsIntegerType, text: string): NvsValue {
  const value =
    parsePythonInteger(text) ?? bad(origin, `is not a decimal number, as ${type} needs`);
  const { min, max } = integerRange(type);
  if (value < min || value > max) bad(origin, `${value} is outside ${type}: ${min} to ${max}`);
  return { type, value };
}

function string(stored: string): NvsValue {
  const text = stored.endsWith('\0') ? stored.slice(0, -1) : stored;
  return { type: 'string', text, bytes: new TextEncoder().encode(stored) };
}

function blob(bytes: Uint8Array): NvsValue {
  return { type: 'blob', bytes };
}

function fill(
  origin: ValueOrigin,
  encoding: string,
  sized: boolean,
  value: Uint8Array,
): Uint8Array {
  const match = /^(?:blob_fill|blob_sz_fill)\((\d+);0x([0-9a-fA-F]{2})\)/.exec(encoding);
  if (match === null) {
    throw new NvsError('nvs/bad-encoding', `${place(origin)}: "${encoding}" lacks length or byte`, {
      hint: 'Write it as blob_fill(64;0xff).',
      details: { ...where(origin), encoding },
    });
  }
  const length = Number(match[1]);
  if (value.length > length)
    bad(origin, `has ${value.length} bytes, more than the ${length} to fill`);
  // Far beyond any partition, and no reason to take all memory.
  if (length > 0x100_0000) bad(origin, `is to fill ${length} bytes, more than any partition has`);
  const bytes = new Uint8Array((sized ? 4 : 0) + length).fill(Number.parseInt(match[2] ?? '', 16));
  if (sized) new DataView(bytes.buffer).setUint32(0, value.length, true);
  bytes.set(value, sized ? 4 : 0);
  return bytes;
}

function toBytes(raw: RawValue): Uint8Array {
  return typeof raw === 'string' ? new TextEncoder().encode(raw) : raw;
}

function asText(origin: ValueOrigin, raw: RawValue): string {
  if (typeof raw === 'string') return raw;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    return bad(origin, 'comes from a file that is not UTF-8 text');
  }
}

function bad(origin: ValueOrigin, what: string): never {
  throw new NvsError('nvs/bad-value', `${place(origin)}: the value ${what}`, {
    hint: 'Correct the value or its encoding.',
    details: where(origin),
  });
}

/** A row has a value too, which may be a secret. */
function where({ line, key }: ValueOrigin): Readonly<Record<string, unknown>> {
  return line === undefined ? { key } : { line, key };
}

function place({ line, key }: ValueOrigin): string {
  return line === undefined ? `"${key}"` : `line ${line}, "${key}"`;
}
