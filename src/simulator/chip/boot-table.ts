import {
  type PartitionEntry,
  type PartitionTable,
  parsePartitionBinary,
} from '../../partition-table/index.ts';
import { OtakitError } from '../../shared/index.ts';
import { TABLE_BYTES, TABLE_FLASH_OFFSET } from '../boot/bootloader.ts';
import type { NorFlash } from './nor-flash.ts';

const ROW_BYTES = 32;

/** What the bootloader prints of the table, and what it refuses it for. */
export interface TableLog {
  readonly lines: readonly string[];
  readonly fault: string | null;
}

/** @param flashSizeBytes what the bootloader's header says, which need not be what the chip has */
export function tableLog(flash: NorFlash, flashSizeBytes: number): TableLog {
  const bytes = flash.read(TABLE_FLASH_OFFSET, TABLE_BYTES);
  let table: PartitionTable;
  try {
    table = parsePartitionBinary(bytes);
  } catch (error) {
    if (!(error instanceof OtakitError)) throw error;
    const md5 = error.code === 'partition-table/md5-mismatch';
    return refused(md5 ? 'Incorrect MD5 checksum' : invalidMagic(bytes));
  }
  // A blank sector ends before its first row; the bootloader wants at least one.
  if (table.entries.length === 0) return refused(invalidMagic(bytes));
  for (const [index, { flashOffset, sizeBytes }] of table.entries.entries()) {
    if (flashOffset + sizeBytes > flashSizeBytes) {
      const [offset, size, limit] = [flashOffset, sizeBytes, flashSizeBytes].map(hex);
      return refused(
        `partition ${index} invalid - offset ${offset} size ${size} exceeds flash chip size ${limit}`,
      );
    }
  }
  return {
    lines: [
      'Partition Table:',
      '## Label            Usage          Type ST Offset   Length',
      ...table.entries.map(entryLine),
      'End of partition table',
    ],
    fault: null,
  };
}

function refused(fault: string): TableLog {
  return { lines: [], fault };
}

function invalidMagic(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0; index * ROW_BYTES < bytes.length; index += 1) {
    const magic = view.getUint16(index * ROW_BYTES, true);
    if (magic !== 0x50aa && magic !== 0xebeb) {
      return `partition ${index} invalid magic number ${hex(magic)}`;
    }
  }
  return 'partition table has no terminating entry, not valid';
}

function entryLine({ name, type, subtype, flashOffset, sizeBytes }: PartitionEntry, index: number) {
  const hex2 = (value: number) => value.toString(16).padStart(2, '0');
  const hex8 = (value: number) => value.toString(16).padStart(8, '0');
  return [
    String(index).padStart(2),
    name.padEnd(16),
    usage(type, subtype).padEnd(16),
    hex2(type),
    hex2(subtype),
    hex8(flashOffset),
    hex8(sizeBytes),
  ].join(' ');
}

/** What the bootloader calls a partition (`bootloader_utility.c` in ESP-IDF). */
function usage(type: number, subtype: number): string {
  if (type === 0) {
    if (subtype === 0) return 'factory app';
    if (subtype === 0x20) return 'test app';
    return (subtype & 0xf0) === 0x10 ? 'OTA app' : 'Unknown app';
  }
  if (type === 1) {
    const names = ['OTA data', 'RF data', 'WiFi data', 'Unknown data', 'NVS keys', 'efuse'];
    return names[subtype] ?? 'Unknown data';
  }
  return 'Unknown';
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
