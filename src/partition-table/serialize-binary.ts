import { concatBytes } from '../shared/index.ts';
import { PartitionTableError } from './codes.ts';
import { type PartitionEntry, type PartitionTable, ROW_BYTES, TABLE_MAX_BYTES } from './model.ts';
import { md5Row, serializeRow } from './parse-binary.ts';

/** How to write a binary table. */
export interface SerializeBinaryOptions {
  /** Whether to add the MD5 row; a table that was read keeps what it had, any other gets one. */
  readonly md5?: boolean;
}

/**
 * A table as the 0xC00 bytes that are flashed, byte for byte what `gen_esp32part.py` writes.
 *
 * @throws PartitionTableError `partition-table/too-many-entries`, `partition-table/value-out-of-range`
 */
export function serializePartitionBinary(
  table: PartitionTable,
  { md5 = table.hasMd5 ?? true }: SerializeBinaryOptions = {},
): Uint8Array<ArrayBuffer> {
  for (const entry of table.entries) assertInRange(entry);
  const rows = concatBytes(table.entries.map(serializeRow));
  const filled = md5 ? concatBytes([rows, md5Row(rows)]) : rows;
  // The last row must stay free: it is the one that ends the table.
  if (filled.length >= TABLE_MAX_BYTES) {
    const most = TABLE_MAX_BYTES / ROW_BYTES - (md5 ? 2 : 1);
    throw new PartitionTableError(
      'partition-table/too-many-entries',
      `The table has ${table.entries.length} entries, but only ${most} fit`,
      {
        hint: md5
          ? `Remove ${table.entries.length - most} of them. Without the MD5 row one more fits.`
          : `Remove ${table.entries.length - most} of them.`,
        details: { entries: table.entries.length, most },
      },
    );
  }
  const bytes = new Uint8Array(TABLE_MAX_BYTES).fill(0xff);
  bytes.set(filled);
  return bytes;
}

function assertInRange(entry: PartitionEntry): void {
  const fields = [
    ['type', entry.type, 0xff],
    ['subtype', entry.subtype, 0xff],
    ['offset', entry.flashOffset, 0xffff_ffff],
    ['size', entry.sizeBytes, 0xffff_ffff],
  ] as const;
  for (const [field, value, most] of fields) {
    if (Number.isInteger(value) && value >= 0 && value <= most) continue;
    throw new PartitionTableError(
      'partition-table/value-out-of-range',
      `The ${field} of ${entry.name} is ${value}, but must be a whole number up to ${most}`,
      { hint: 'Mend the entry.', details: { name: entry.name, field, value } },
    );
  }
}
