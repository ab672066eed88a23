import type { CsvColumn } from './model.ts';
import { leadingSpace, strip } from './python-text.ts';

/** The columns that mean something; what stands in further ones is ignored. */
export const CSV_COLUMNS: readonly CsvColumn[] = [
  'name',
  'type',
  'subtype',
  'offset',
  'size',
  'flags',
];

/** The fields of a row, stripped, with where each begins in its line (columns count from 1). */
export interface CsvRow {
  readonly line: number;
  readonly fields: Readonly<Record<CsvColumn, string>>;
  readonly columns: Readonly<Record<CsvColumn, number>>;
}

/**
 * Cuts a line into its fields; `null` for a blank line or a comment. There are no quotes and no
 * comments behind a row.
 *
 * @param exact whether the text is what stands in the file; where variables were replaced in it the
 *   columns are unknown, and all are given as 1
 */
export function splitCsvRow(text: string, line: number, exact: boolean): CsvRow | null {
  const row = strip(text);
  if (row === '' || row.startsWith('#')) return null;
  const parts = text.split(',');
  const fields: Partial<Record<CsvColumn, string>> = {};
  const columns: Partial<Record<CsvColumn, number>> = {};
  let start = 0;
  CSV_COLUMNS.forEach((column, index) => {
    const part = parts[index] ?? '';
    fields[column] = strip(part);
    // An empty field is pointed at where its text would be, a missing one at the end of the line.
    const place = fields[column] === '' ? 0 : leadingSpace(part);
    columns[column] = exact ? Math.min(start + place, text.length) + 1 : 1;
    start += part.length + 1;
  });
  return { line, fields, columns } as CsvRow;
}
