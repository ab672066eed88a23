import type { Issue } from '../shared/index.ts';
import { PartitionTableError } from './codes.ts';
import {
  type CsvDocument,
  decodeText,
  parseCsvDocument,
  type TextEncoding,
} from './csv-document.ts';
import { CsvRowError, parseCsvRow, type RowContext, type UnplacedEntry } from './csv-row.ts';
import { splitCsvRow } from './csv-fields.ts';
import { placeEntries } from './place-entries.ts';
import { DEFAULT_TABLE_FLASH_OFFSET, type PartitionEntry, type PartitionTable } from './model.ts';
import { expandVariables } from './python-text.ts';
import { subtypeNames } from './types.ts';

/** What a CSV alone does not say. */
export interface ParseCsvOptions {
  /** Where the table will lie; 0x8000 unless said otherwise. */
  readonly tableFlashOffset?: number;
  /** Needed only for entries of type bootloader (CONFIG_BOOTLOADER_OFFSET_IN_FLASH). */
  readonly primaryBootloaderOffset?: number;
  /** Needed only for an entry of type bootloader and subtype recovery. */
  readonly recoveryBootloaderOffset?: number;
  /** Subtype names of the project, each as `app, my_name, 0x40`. */
  readonly extraSubtypes?: readonly string[];
  /** What `$NAME` in the text stands for: the environment, as ESP-IDF's generator takes it. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

/** All that could be read of a CSV, and all that is wrong with its rows. */
export interface CsvReading {
  readonly document: CsvDocument;
  /** The entries, where every row could be read and placed; `null` otherwise. */
  readonly entries: readonly PartitionEntry[] | null;
  readonly errors: readonly PartitionTableError[];
}

/**
 * Parses a partition table in CSV: the grammar of ESP-IDF's `gen_esp32part.py` with its oddities
 * (`0x`, `0o`, `K`/`M`, blank offsets, negative sizes as end addresses, `$VARIABLES`).
 *
 * @param input the text, or its bytes in UTF-8, or in UTF-16 or UTF-32 with a byte order mark
 * @throws PartitionTableError at the first row that cannot be taken, with `line` and `column`
 */
export function parsePartitionCsv(
  input: string | Uint8Array,
  options: ParseCsvOptions = {},
): PartitionTable {
  const { document, entries, errors } = readCsv(input, options);
  for (const error of errors) throw error;
  return csvTable(document, entries ?? [], options);
}

/** A table around entries that came from a CSV document. */
export function csvTable(
  document: CsvDocument,
  entries: readonly PartitionEntry[],
  { tableFlashOffset = DEFAULT_TABLE_FLASH_OFFSET }: ParseCsvOptions,
): PartitionTable {
  return { entries, tableFlashOffset, source: 'csv', hasMd5: null, document };
}

/** Reads every row, so that all faulty ones can be reported at once. */
export function readCsv(input: string | Uint8Array, options: ParseCsvOptions): CsvReading {
  const { text, encoding }: { text: string; encoding: TextEncoding } =
    typeof input === 'string' ? { text: input, encoding: 'utf-8' } : decodeText(input);
  const document = parseCsvDocument(text, encoding);
  const context = rowContext(options);
  const rows: UnplacedEntry[] = [];
  const errors: PartitionTableError[] = [];
  document.lines.forEach((line, index) => {
    try {
      const row = readLine(line.text, index + 1, options.variables ?? {}, context);
      if (row !== null) rows.push(row);
    } catch (thrown) {
      if (!(thrown instanceof CsvRowError)) throw thrown;
      errors.push(...thrown.errors);
    }
  });
  if (errors.length > 0) return { document, entries: null, errors };
  return { document, ...placeEntries(rows, context.tableFlashOffset) };
}

function readLine(
  line: string,
  lineNumber: number,
  variables: Readonly<Record<string, string | undefined>>,
  context: RowContext,
): UnplacedEntry | null {
  const expanded = expandVariables(line, variables);
  const unknown = /^\$([A-Za-z_][\w]*)/.exec(expanded)?.[1];
  if (unknown !== undefined) {
    throw new CsvRowError([
      new PartitionTableError(
        'partition-table/unknown-variable',
        `line ${lineNumber}, column 1: the variable $${unknown} is not set`,
        {
          hint: `Set ${unknown} in the environment, or write the value into the CSV.`,
          details: { line: lineNumber, column: 1, variable: unknown },
        },
      ),
    ]);
  }
  const row = splitCsvRow(expanded, lineNumber, expanded === line);
  return row === null ? null : parseCsvRow(row, context);
}

function rowContext(options: ParseCsvOptions): RowContext {
  const {
    tableFlashOffset = DEFAULT_TABLE_FLASH_OFFSET,
    primaryBootloaderOffset = null,
    recoveryBootloaderOffset = null,
  } = options;
  if (primaryBootloaderOffset !== null && primaryBootloaderOffset >= tableFlashOffset) {
    throw new PartitionTableError(
      'partition-table/bootloader-above-table',
      `The primary bootloader at 0x${primaryBootloaderOffset.toString(16)} is not below the partition table at 0x${tableFlashOffset.toString(16)}`,
      {
        hint: 'Give the bootloader an offset below the table, or move the table up.',
        details: { primaryBootloaderOffset, tableFlashOffset },
      },
    );
  }
  return {
    tableFlashOffset,
    primaryBootloaderOffset,
    recoveryBootloaderOffset,
    subtypes: subtypeNames(options.extraSubtypes),
  };
}

/** An error of the parser as a finding, for reports that list several. */
export function asIssue(error: PartitionTableError): Issue {
  const { line, column, fileOffset } = error.details;
  const base = {
    code: error.code,
    severity: 'error' as const,
    hint: error.hint ?? '',
  };
  if (typeof line === 'number' && typeof column === 'number') {
    const message = error.message.replace(/^line \d+, column \d+: /, '');
    return { ...base, message, location: { kind: 'text', line, column } };
  }
  if (typeof fileOffset === 'number') {
    return { ...base, message: error.message, location: { kind: 'binary', fileOffset } };
  }
  return { ...base, message: error.message };
}
