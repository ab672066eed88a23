import { ByteReader, bytesEqual, decodeCString, formatHex, md5, toHex } from '../shared/index.ts';
import { PartitionTableError } from './codes.ts';
import {
  DEFAULT_TABLE_FLASH_OFFSET,
  NAME_BYTES,
  type PartitionEntry,
  type PartitionTable,
  ROW_BYTES,
} from './model.ts';

const MAGIC = 0x50aa;
const MD5_MAGIC = 0xebeb;
const FLAG_ENCRYPTED = 1;
const FLAG_READONLY = 2;

/** How to read a binary table. */
export interface ParseBinaryOptions {
  /** Where it lies in flash; 0x8000 unless said otherwise. */
  readonly tableFlashOffset?: number;
  /** `ignore` takes a table whose MD5 row is wrong. */
  readonly md5?: 'check' | 'ignore';
  /** Where `bytes` begins in its file, so that errors name file offsets. */
  readonly fileOffset?: number;
}

/**
 * Parses a binary partition table: rows of 32 bytes up to a row of FF, with an MD5 row before it
 * (ESP-IDF's `esp_partition_info_t`). What follows the end, such as a signature, is not looked at.
 *
 * @throws PartitionTableError at the first structural fault, with `fileOffset`
 */
export function parsePartitionBinary(
  bytes: Uint8Array,
  options: ParseBinaryOptions = {},
): PartitionTable {
  const {
    tableFlashOffset = DEFAULT_TABLE_FLASH_OFFSET,
    md5: md5Mode = 'check',
    fileOffset: base = 0,
  } = options;
  const entries: PartitionEntry[] = [];
  let hasMd5 = false;
  for (let offset = 0; offset < bytes.length; offset += ROW_BYTES) {
    const row = bytes.subarray(offset, offset + ROW_BYTES);
    const fileOffset = base + offset;
    if (row.length < ROW_BYTES) throw badLength(row.length, fileOffset);
    if (isEndMarker(row)) {
      return { entries, tableFlashOffset, source: 'binary', hasMd5, document: null };
    }
    if (isMd5Row(row)) {
      if (hasMd5) throw secondMd5(fileOffset);
      hasMd5 = true;
      if (md5Mode === 'check') checkMd5(row, bytes.subarray(0, offset), fileOffset);
    } else {
      entries.push(parseRow(row, fileOffset, entries.length));
    }
  }
  throw new PartitionTableError(
    'partition-table/no-end-marker',
    `The partition table has ${entries.length} entries and ends without a row of FF`,
    {
      hint: 'The file is cut short. Build or read it again, at least 0xC00 bytes from the start of the table.',
      details: { entries: entries.length, fileOffset: base + bytes.length },
    },
  );
}

/** Whether a row begins as the MD5 row does. */
export function isMd5Row(row: Uint8Array): boolean {
  return row[0] === (MD5_MAGIC & 0xff) && row[1] === MD5_MAGIC >> 8;
}

/** Whether a row is the one of FF that ends a table. */
export function isEndMarker(row: Uint8Array): boolean {
  return row.length >= ROW_BYTES && row.subarray(0, ROW_BYTES).every((byte) => byte === 0xff);
}

/** Whether bytes begin with an entry of a binary table. */
export function startsWithEntry(bytes: Uint8Array): boolean {
  return bytes[0] === (MAGIC & 0xff) && bytes[1] === MAGIC >> 8;
}

function parseRow(row: Uint8Array, fileOffset: number, index: number): PartitionEntry {
  const reader = new ByteReader(row, fileOffset);
  const magic = reader.u16('magic');
  if (magic !== MAGIC) {
    throw new PartitionTableError(
      'partition-table/bad-magic',
      `Row ${index} at offset ${formatHex(fileOffset)} begins with ${toHex(row.subarray(0, 2))}, not with aa50`,
      {
        hint: 'The table is damaged or this is none. In a merged image or a flash dump it usually lies at 0x8000: say so with --offset 0x8000.',
        details: { row: index, fileOffset, magic },
      },
    );
  }
  const type = reader.u8('type');
  const subtype = reader.u8('subtype');
  const flashOffset = reader.u32('offset');
  const sizeBytes = reader.u32('size');
  const raw = reader.bytes(NAME_BYTES, 'name');
  const flags = reader.u32('flags');
  const name = decodeCString(raw);
  const lossyName = name ?? new TextDecoder('utf-8', { ignoreBOM: true }).decode(cut(raw));
  const unknownFlags = (flags & ~(FLAG_ENCRYPTED | FLAG_READONLY)) >>> 0;
  return {
    name: lossyName,
    type,
    subtype,
    flashOffset,
    sizeBytes,
    encrypted: (flags & FLAG_ENCRYPTED) !== 0,
    readonly: (flags & FLAG_READONLY) !== 0,
    ...(unknownFlags === 0 ? {} : { unknownFlags }),
    ...(name !== null && bytesEqual(nameField(name), raw) ? {} : { rawName: raw.slice() }),
    location: { kind: 'binary', fileOffset },
  };
}

function cut(raw: Uint8Array): Uint8Array {
  const end = raw.indexOf(0);
  return end < 0 ? raw : raw.subarray(0, end);
}

/** A name as the 16 bytes that a device keeps: cut, wherever that falls, or filled with NUL. */
export function nameField(name: string): Uint8Array {
  const field = new Uint8Array(NAME_BYTES);
  field.set(new TextEncoder().encode(name).subarray(0, NAME_BYTES));
  return field;
}

/** The row of an entry. */
export function serializeRow(entry: PartitionEntry): Uint8Array {
  const row = new Uint8Array(ROW_BYTES);
  const view = new DataView(row.buffer);
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, entry.type);
  view.setUint8(3, entry.subtype);
  view.setUint32(4, entry.flashOffset, true);
  view.setUint32(8, entry.sizeBytes, true);
  row.set(entry.rawName ?? nameField(entry.name), 12);
  const flags =
    (entry.encrypted ? FLAG_ENCRYPTED : 0) |
    (entry.readonly ? FLAG_READONLY : 0) |
    (entry.unknownFlags ?? 0);
  view.setUint32(28, flags >>> 0, true);
  return row;
}

/** The row that holds the MD5 of all rows before it. */
export function md5Row(rows: Uint8Array): Uint8Array {
  const row = new Uint8Array(ROW_BYTES).fill(0xff);
  new DataView(row.buffer).setUint16(0, MD5_MAGIC, true);
  row.set(md5(rows), 16);
  return row;
}

function checkMd5(row: Uint8Array, before: Uint8Array, fileOffset: number): void {
  const stored = row.subarray(16);
  const computed = md5(before);
  if (bytesEqual(stored, computed)) return;
  throw new PartitionTableError(
    'partition-table/md5-mismatch',
    `The partition table has MD5 ${toHex(stored)}, but its rows come to ${toHex(computed)}`,
    {
      hint: 'A byte of it changed since it was built; the bootloader would stop here. Build or read it again.',
      details: { stored: toHex(stored), computed: toHex(computed), fileOffset },
    },
  );
}

function secondMd5(fileOffset: number): PartitionTableError {
  return new PartitionTableError(
    'partition-table/second-md5',
    `The partition table has a second MD5 row at offset ${formatHex(fileOffset)}`,
    { hint: 'The bootloader takes only one. Build the table again.', details: { fileOffset } },
  );
}

function badLength(have: number, fileOffset: number): PartitionTableError {
  return new PartitionTableError(
    'partition-table/bad-length',
    `The last row at offset ${formatHex(fileOffset)} has ${have} of its ${ROW_BYTES} bytes`,
    {
      hint: 'The file is cut short. Build or read it again.',
      details: { have, need: ROW_BYTES, fileOffset },
    },
  );
}
