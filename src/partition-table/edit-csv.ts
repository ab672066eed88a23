import { PartitionTableError } from './codes.ts';
import type { CsvDocument, CsvLine } from './csv-document.ts';
import { CSV_COLUMNS } from './csv-fields.ts';
import type { CsvColumn } from './model.ts';
import { leadingSpace, LINE_ENDING, strip } from './python-text.ts';

/**
 * Writes one field of a row and leaves all else as the author has it: comments, order, and the
 * columns of the fields behind, which keep their places as long as there are blanks to take up the
 * difference.
 *
 * @param line counts from 1, as in an entry's `location`
 * @throws PartitionTableError `partition-table/not-in-csv` where the text cannot stand in a field
 */
export function setCsvField(
  document: CsvDocument,
  line: number,
  column: CsvColumn,
  text: string,
): CsvDocument {
  assertField(text);
  return mapLine(document, line, (row) => ({ ...row, text: withField(row.text, column, text) }));
}

/**
 * Adds a row behind a line, laid out like it where that line is a row itself.
 *
 * @param line counts from 1; 0 puts the row at the top
 * @throws PartitionTableError `partition-table/not-in-csv`
 */
export function insertCsvRow(
  document: CsvDocument,
  line: number,
  fields: Readonly<Partial<Record<CsvColumn, string>>>,
): CsvDocument {
  const model = document.lines[line - 1];
  const isRow = model !== undefined && /^[^#]*,/.test(model.text);
  const values = CSV_COLUMNS.map((column) => fields[column] ?? '');
  values.forEach(assertField);
  const text = isRow
    ? CSV_COLUMNS.reduce(
        (row, column, index) => withField(row, column, values[index] ?? ''),
        model.text,
      )
    : values.join(', ').replace(/(?:, )?$/, '');
  const ending = document.lines.find((other) => other.ending !== '')?.ending ?? '\n';
  const before = document.lines
    .slice(0, line)
    .map((other, index) =>
      index === line - 1 && other.ending === '' ? { ...other, ending } : other,
    );
  return { ...document, lines: [...before, { text, ending }, ...document.lines.slice(line)] };
}

/** Takes a line out. */
export function removeCsvLine(document: CsvDocument, line: number): CsvDocument {
  return { ...document, lines: document.lines.toSpliced(line - 1, 1) };
}

function mapLine(
  document: CsvDocument,
  line: number,
  change: (line: CsvLine) => CsvLine,
): CsvDocument {
  const lines = document.lines.map((other, index) => (index === line - 1 ? change(other) : other));
  return { ...document, lines };
}

function withField(row: string, column: CsvColumn, text: string): string {
  const index = CSV_COLUMNS.indexOf(column);
  const parts = row.split(',');
  if (text === '' && parts.length <= index) return row;
  while (parts.length <= index) parts.push(' ');
  const part = parts[index] ?? '';
  const old = strip(part);
  const lead = old === '' ? part : part.slice(0, leadingSpace(part));
  let trail = old === '' ? '' : part.slice(lead.length + old.length);
  const next = parts[index + 1];
  let growth = text.length - old.length;
  if (growth > 0) {
    // Take blanks away, first behind the field, then before the next one, which keeps one.
    const fromTrail = Math.min(growth, blanksAtEnd(trail));
    trail = trail.slice(0, trail.length - fromTrail);
    growth -= fromTrail;
    if (next !== undefined) {
      parts[index + 1] = next.slice(Math.min(growth, Math.max(0, blanksAtStart(next) - 1)));
    }
  } else if (growth < 0 && next !== undefined && blanksAtStart(next) > 0 && strip(next) !== '') {
    parts[index + 1] = ' '.repeat(-growth) + next;
  }
  parts[index] = lead + text + trail;
  return parts.join(',');
}

function blanksAtStart(text: string): number {
  return /^ */.exec(text)?.[0].length ?? 0;
}

function blanksAtEnd(text: string): number {
  let count = 0;
  while (text.at(-1 - count) === ' ') count += 1;
  return count;
}

function assertField(text: string): void {
  const hasEnd = new RegExp(LINE_ENDING.source).test(text);
  if (!text.includes(',') && !hasEnd && strip(text) === text && !text.startsWith('#')) return;
  throw new PartitionTableError(
    'partition-table/not-in-csv',
    `"${text}" cannot stand in a field of a CSV`,
    {
      hint: 'A CSV has no quotes: fields hold no comma, no line break, no blank at their ends, no # at their start.',
      details: { text },
    },
  );
}
