import type { Issue } from '../shared/index.ts';
import { PartitionTableError } from './codes.ts';
import type { CsvDocument } from './csv-document.ts';
import { DEFAULT_TABLE_FLASH_OFFSET, type PartitionTable, TABLE_SECTOR_BYTES } from './model.ts';
import {
  isEndMarker,
  isMd5Row,
  type ParseBinaryOptions,
  parsePartitionBinary,
  startsWithEntry,
} from './parse-binary.ts';
import {
  asIssue,
  csvTable,
  type ParseCsvOptions,
  parsePartitionCsv,
  readCsv,
} from './parse-csv.ts';

/** Options of both forms; those of the other form are ignored. */
export type ParseOptions = ParseCsvOptions & ParseBinaryOptions;

/**
 * Parses a partition table in either form, told apart by content: a binary one begins with an entry
 * (AA 50), or where it is empty with its MD5 row or end marker.
 *
 * @throws PartitionTableError at the first structural fault
 */
export function parsePartitionTable(input: Uint8Array, options: ParseOptions = {}): PartitionTable {
  if (detectTableForm(input) === 'binary') return parsePartitionBinary(input, options);
  try {
    return parsePartitionCsv(input, options);
  } catch (thrown) {
    throw (thrown instanceof PartitionTableError ? foreignError(input) : null) ?? thrown;
  }
}

/** What could be made of a file, and all that keeps it from being a table. */
export interface TableInspection {
  readonly form: 'csv' | 'binary';
  readonly table: PartitionTable | null;
  readonly issues: readonly Issue[];
}

/** Like {@link parsePartitionTable}, but never throws: every faulty row is listed. */
export function inspectPartitionTable(
  input: Uint8Array,
  options: ParseOptions = {},
): TableInspection {
  const form = detectTableForm(input);
  try {
    if (form === 'binary') return { form, table: parsePartitionBinary(input, options), issues: [] };
    const { document, entries, errors } = readCsv(input, options);
    if (entries !== null) return { form, table: csvTable(document, entries, options), issues: [] };
    const foreign = foreignError(input) ?? proseError(document, errors);
    return { form, table: null, issues: (foreign === null ? errors : [foreign]).map(asIssue) };
  } catch (thrown) {
    if (!(thrown instanceof PartitionTableError)) throw thrown;
    const error = form === 'csv' ? (foreignError(input) ?? thrown) : thrown;
    return { form, table: null, issues: [asIssue(error)] };
  }
}

/** Which form bytes are in, by their first row. */
export function detectTableForm(bytes: Uint8Array): 'csv' | 'binary' {
  // A long run of FF is flash that was never written, not an empty table.
  const blank = bytes.length <= TABLE_SECTOR_BYTES && isEndMarker(bytes);
  return looksLikeTable(bytes) || blank ? 'binary' : 'csv';
}

/** Whether bytes begin as a binary table does: with an entry, or where it is empty with the MD5 row. */
export function looksLikeTable(bytes: Uint8Array): boolean {
  return startsWithEntry(bytes) || isMd5Row(bytes);
}

/**
 * For a file that could not be read as a CSV: what it is instead, where that can be told. Only then,
 * since ESP-IDF takes odd text too, such as a name with NUL in it.
 */
function foreignError(bytes: Uint8Array): PartitionTableError | null {
  const what = foreignKind(bytes);
  if (what === null) return null;
  return new PartitionTableError(
    'partition-table/not-a-table',
    `The file is no partition table: it ${what.looks}`,
    { hint: what.hint, details: { firstBytes: [...bytes.subarray(0, 4)] } },
  );
}

/** From how many rows on a text without a single good one is no table, rather than one with faults. */
const ROWS_OF_PROSE = 6;

/** For a text in which no row is an entry, which would otherwise be said once for each of them. */
function proseError(
  { lines }: CsvDocument,
  errors: readonly PartitionTableError[],
): PartitionTableError | null {
  const rows = lines.filter(({ text }) => /^\s*[^\s#]/.test(text)).length;
  const faulty = new Set(errors.map(({ details }) => details['line'])).size;
  if (rows < ROWS_OF_PROSE || faulty < rows) return null;
  return new PartitionTableError(
    'partition-table/not-a-table',
    `The file is no partition table: none of its ${rows} rows is an entry`,
    {
      hint: `A row is: name, type, subtype, offset, size, flags, with commas between. ${PROJECT_TABLE}`,
      details: { rows },
    },
  );
}

const PROJECT_TABLE =
  'Give the table of the project: partitions.csv, or build/partition_table/partition-table.bin.';

function foreignKind(bytes: Uint8Array): { looks: string; hint: string } | null {
  if (startsWithEntry(bytes.subarray(DEFAULT_TABLE_FLASH_OFFSET))) {
    return {
      looks: 'has a table inside, at 0x8000, as merged images and flash dumps have',
      hint: 'Read that one with --offset 0x8000.',
    };
  }
  const first = bytes[0];
  if (first === 0xe9) {
    return {
      looks: 'begins with E9, as ESP images do',
      hint: PROJECT_TABLE,
    };
  }
  if (first === 0x7f && bytes[1] === 0x45) {
    return { looks: 'is an ELF file', hint: 'Give the partition table of the project instead.' };
  }
  const marked =
    (first === 0xff && bytes[1] === 0xfe) ||
    (first === 0xfe && bytes[1] === 0xff) ||
    (first === 0 && bytes[1] === 0 && bytes[2] === 0xfe);
  if (!marked && bytes.subarray(0, 4096).includes(0)) {
    return {
      looks: 'has NUL bytes and does not begin with AA 50',
      hint: 'Give a CSV, a binary table, or a flash dump with --offset 0x8000.',
    };
  }
  return null;
}
