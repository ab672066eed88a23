import { type ByteSource, readUpTo } from '../shared/index.ts';
import {
  DEFAULT_TABLE_FLASH_OFFSET,
  inspectPartitionTable,
  looksLikeTable,
  type ParseOptions,
  type PartitionTable,
  parsePartitionTable,
  TABLE_SECTOR_BYTES,
  type TableInspection,
} from '../partition-table/index.ts';
import { openInputFile } from './files.ts';

/** Far more than the longest table that anyone wrote; keeps a dump of 32 MB from being read whole. */
const LONGEST_TABLE_BYTES = 1024 * 1024;

/** The bytes of a table, and where in their file they began (not 0 in merged images and dumps). */
export interface TableBytes {
  readonly bytes: Uint8Array;
  readonly fileOffset: number;
}

/**
 * The table of a file that is one (CSV or binary), or that has one at `tableFlashOffset`, as merged
 * images and flash dumps do.
 */
export async function readTableBytes(
  source: ByteSource,
  tableFlashOffset = DEFAULT_TABLE_FLASH_OFFSET,
): Promise<TableBytes> {
  const inside = await readUpTo(source, tableFlashOffset, TABLE_SECTOR_BYTES);
  const start = await readUpTo(source, 0, TABLE_SECTOR_BYTES);
  if (tableFlashOffset > 0 && looksLikeTable(inside) && !looksLikeTable(start)) {
    return { bytes: inside, fileOffset: tableFlashOffset };
  }
  if (looksLikeTable(start)) return { bytes: start, fileOffset: 0 };
  return { bytes: await readUpTo(source, 0, LONGEST_TABLE_BYTES), fileOffset: 0 };
}

/**
 * Reads a partition table from a file: CSV, binary, merged image or flash dump.
 *
 * @throws PartitionTableError, CliError `cli/file-not-readable`
 */
export async function loadPartitionTable(
  path: string,
  options: ParseOptions = {},
): Promise<PartitionTable> {
  await using source = await openInputFile(path);
  const { bytes, fileOffset } = await readTableBytes(source, options.tableFlashOffset);
  return parsePartitionTable(bytes, { ...options, fileOffset });
}

/** Like {@link loadPartitionTable}, but lists all that is wrong with the table instead of throwing. */
export async function inspectPartitionFile(
  path: string,
  options: ParseOptions = {},
): Promise<TableInspection> {
  await using source = await openInputFile(path);
  const { bytes, fileOffset } = await readTableBytes(source, options.tableFlashOffset);
  return inspectPartitionTable(bytes, { ...options, fileOffset });
}
