import { concatBytes, crc32 } from '../../shared/index.ts';
import {
  CHUNK_ANY,
  ENTRY_SIZE_BYTES,
  INTEGER_TYPES,
  type NvsIntegerType,
  TYPE_BLOB_INDEX,
} from './layout.ts';

/** The 32-byte head of an item, as it is on flash. */
export interface NvsEntry {
  readonly namespaceIndex: number;
  readonly typeValue: number;
  /** How many entries the item takes up, this one included. */
  readonly span: number;
  readonly chunkIndex: number;
  /** `null` where it is not UTF-8 that ends within its 16 bytes. */
  readonly key: string | null;
  /** 8 bytes: the value itself, or length and CRC of the data that follows. */
  readonly data: Uint8Array;
  readonly crcValid: boolean;
}

/** What an entry is made of. */
export interface EntryFields {
  readonly namespaceIndex: number;
  readonly typeValue: number;
  readonly span: number;
  readonly chunkIndex?: number;
  readonly key: string;
  readonly data: Uint8Array;
}

const keyDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const CRC_START = 0xffffffff;

/** Reads one entry of a page. */
export function parseEntry(bytes: Uint8Array): NvsEntry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, ENTRY_SIZE_BYTES);
  return {
    namespaceIndex: view.getUint8(0),
    typeValue: view.getUint8(1),
    span: view.getUint8(2),
    chunkIndex: view.getUint8(3),
    key: decodeKey(bytes.subarray(8, 24)),
    data: bytes.subarray(24, 32),
    crcValid: view.getUint32(4, true) === entryCrc(bytes),
  };
}

function decodeKey(bytes: Uint8Array): string | null {
  const end = bytes.indexOf(0);
  if (end < 0) return null;
  try {
    return keyDecoder.decode(bytes.subarray(0, end));
  } catch {
    return null;
  }
}

/** The CRC of an entry, which covers all of it but itself. */
function entryCrc(bytes: Uint8Array): number {
  return crc32(bytes.subarray(8, 32), crc32(bytes.subarray(0, 4), CRC_START));
}

/** Writes one entry. */
export function serializeEntry(fields: EntryFields): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ENTRY_SIZE_BYTES);
  bytes[0] = fields.namespaceIndex;
  bytes[1] = fields.typeValue;
  bytes[2] = fields.span;
  bytes[3] = fields.chunkIndex ?? CHUNK_ANY;
  bytes.set(new TextEncoder().encode(fields.key), 8);
  bytes.set(fields.data, 24);
  new DataView(bytes.buffer).setUint32(4, entryCrc(bytes), true);
  return bytes;
}

/** The data field of an integer: little-endian, the rest as erased flash has it. */
export function integerData(type: NvsIntegerType, value: bigint): Uint8Array {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return data.fill(0xff, INTEGER_TYPES[type] & 0x0f);
}

/** The value of an integer's data field. */
export function integerValue(type: NvsIntegerType, data: Uint8Array): bigint {
  const view = new DataView(data.buffer, data.byteOffset, 8);
  const bits = (INTEGER_TYPES[type] & 0x0f) * 8;
  const value = view.getBigUint64(0, true);
  return type.startsWith('i') ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

/** The data field of an item whose bytes follow: their number and their CRC. */
function lengthData(payload: Uint8Array): Uint8Array {
  const data = new Uint8Array(8).fill(0xff);
  const view = new DataView(data.buffer);
  view.setUint16(0, payload.length, true);
  view.setUint32(4, payloadCrc(payload), true);
  return data;
}

/** The CRC of the bytes that follow an entry. */
export function payloadCrc(payload: Uint8Array): number {
  return crc32(payload, CRC_START);
}

/** How many entries an item with this many bytes takes up, its head included. */
export function spanOf(payloadBytes: number): number {
  return 1 + Math.ceil(payloadBytes / ENTRY_SIZE_BYTES);
}

/** An item with its bytes after it, padded to whole entries. */
export function serializeVariable(
  fields: Omit<EntryFields, 'span' | 'data'>,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const span = spanOf(payload.length);
  const padding = new Uint8Array((span - 1) * ENTRY_SIZE_BYTES - payload.length).fill(0xff);
  const head = serializeEntry({ ...fields, span, data: lengthData(payload) });
  return concatBytes([head, payload, padding]);
}

/** The entry that says which chunks make up a blob. */
export function serializeBlobIndex(
  fields: Omit<EntryFields, 'span' | 'data' | 'typeValue'>,
  sizeBytes: number,
  chunkCount: number,
  chunkStart: number,
): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(8).fill(0xff);
  new DataView(data.buffer).setUint32(0, sizeBytes, true);
  data[4] = chunkCount;
  data[5] = chunkStart;
  return serializeEntry({ ...fields, typeValue: TYPE_BLOB_INDEX, span: 1, data });
}
