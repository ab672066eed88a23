import { alignUp, formatHex } from '../shared/index.ts';
import type { PartitionTableError } from './codes.ts';
import { fieldError, rangeError, type UnplacedEntry } from './csv-row.ts';
import { type PartitionEntry, TABLE_SECTOR_BYTES } from './model.ts';
import {
  offsetAlignment,
  SUBTYPE_PRIMARY,
  TYPE_BOOTLOADER,
  TYPE_PARTITION_TABLE,
} from './types.ts';

/** Whether an entry stands for what lies below the first free byte: the bootloader, the table itself. */
export function isPrimary({ type, subtype }: Pick<PartitionEntry, 'type' | 'subtype'>): boolean {
  return (type === TYPE_BOOTLOADER || type === TYPE_PARTITION_TABLE) && subtype === SUBTYPE_PRIMARY;
}

/**
 * Works out the open offsets and end addresses: each entry follows the one before it, from the first
 * sector after the table, aligned for its type. Rows must stand in the order of the flash.
 */
export function placeEntries(
  rows: readonly UnplacedEntry[],
  tableFlashOffset: number,
): { entries: readonly PartitionEntry[] | null; errors: readonly PartitionTableError[] } {
  const errors: PartitionTableError[] = [];
  const entries: PartitionEntry[] = [];
  let previousEnd = tableFlashOffset + TABLE_SECTOR_BYTES;
  let previousName: string | null = null;
  for (const row of rows) {
    const { writtenOffset, writtenSize, ...rest } = row;
    const primary = isPrimary(row);
    const outOfOrder = !primary && writtenOffset !== null && writtenOffset < previousEnd;
    if (outOfOrder) errors.push(overlapError(row, writtenOffset, previousEnd, previousName));
    const flashOffset = writtenOffset ?? alignUp(previousEnd, offsetAlignment(row.type));
    // Written as an end address; primaries take no part in this either.
    const sizeBytes = writtenSize < 0 && !primary ? -writtenSize - flashOffset : writtenSize;
    if (!fitsU32(flashOffset) && !outOfOrder) {
      errors.push(rangeError(row.location, 'offset', flashOffset));
    }
    if (!fitsU32(sizeBytes)) errors.push(rangeError(row.location, 'size', sizeBytes));
    entries.push({ ...rest, flashOffset, sizeBytes });
    if (!primary) {
      previousEnd = flashOffset + sizeBytes;
      previousName = row.name;
    }
  }
  return errors.length > 0 ? { entries: null, errors } : { entries, errors };
}

function fitsU32(value: number): boolean {
  return value >= 0 && value <= 0xffff_ffff;
}

function overlapError(
  row: UnplacedEntry,
  offset: number,
  previousEnd: number,
  previousName: string | null,
): PartitionTableError {
  const shown = offset < 0 ? String(offset) : formatHex(offset);
  const free = formatHex(alignUp(previousEnd, offsetAlignment(row.type)));
  if (previousName === null) {
    return fieldError(
      row.location,
      'offset',
      'partition-table/overlaps-table',
      `${row.name} begins at ${shown}, but the partition table occupies the sector up to ${formatHex(previousEnd)}`,
      `Use offset ${free} or higher, or leave it empty.`,
    );
  }
  return fieldError(
    row.location,
    'offset',
    'partition-table/overlap',
    `${row.name} begins at ${shown}, but ${previousName} before it ends at ${formatHex(previousEnd)}`,
    `Use offset ${free} or higher, or leave it empty. Rows must stand in the order of the flash.`,
  );
}
