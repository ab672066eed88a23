import {
  type ParseCsvOptions,
  parsePartitionCsv,
  PartitionTableError,
  type PartitionTable,
} from '../../src/partition-table/index.ts';

/** A table out of rows, placed from 0x9000 on. */
export function csv(text: string, options: ParseCsvOptions = {}): PartitionTable {
  return parsePartitionCsv(text, options);
}

/** The entries as `name type/subtype offset+size flags`, which is quick to compare. */
export function brief(table: PartitionTable): readonly string[] {
  return table.entries.map(
    ({ name, type, subtype, flashOffset, sizeBytes, encrypted, readonly }) =>
      `${name} ${type}/${subtype} ${flashOffset.toString(16)}+${sizeBytes.toString(16)}${encrypted ? ' encrypted' : ''}${readonly ? ' readonly' : ''}`,
  );
}

/** The error that something throws. */
export function thrownBy(action: () => unknown): PartitionTableError {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof PartitionTableError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}
