import { sha256, toHex } from '../../shared/index.ts';
import { NvsError } from '../codes.ts';
import { type BoardColumn, headerColumns, mfgColumns } from './board-columns.ts';
import type { NvsCsvRow } from './csv-read.ts';
import { type CsvRecord, readCsvRecords } from './csv-records.ts';

/** What one board gets: a row of a CSV with a row per board. */
export interface BoardRow {
  /** Where the row is in the text, from 1. */
  readonly line: number;
  /** What the row is known by: its `id` or `serial`, or else a digest of its fields. */
  readonly id: string;
  /** Whether {@link BoardRow.id} is a name that somebody gave, fit to be shown. */
  readonly isNamed: boolean;
  /** The board that the row is meant for, as `02:4f:54:41:00:01`; `null` for any. */
  readonly mac: string | null;
  /** What is to be stored, with namespaces. */
  readonly rows: readonly NvsCsvRow[];
}

/** How to read a CSV with a row per board. */
export interface BoardRowsOptions {
  /**
   * The configuration CSV of Espressif's `mfg_gen` (`key,type,encoding[,REPEAT]`), where the header of
   * the values has only the keys.
   */
  readonly config?: string;
}

const MAC = /^([0-9a-f]{2}[:-]?){5}[0-9a-f]{2}$/i;

/**
 * Reads a CSV with a row per board. Its header names what the columns are: `namespace:key:encoding` or
 * `namespace:key:file:encoding` to be stored (an empty field is not), `mac` for the board that the row
 * is meant for, `id` or `serial` for what the row is known by.
 *
 * @throws NvsError `nvs/csv-syntax`, `nvs/row-twice`
 */
export async function parseBoardRows(
  text: string,
  { config }: BoardRowsOptions = {},
): Promise<readonly BoardRow[]> {
  const [header, ...records] = readCsvRecords(text).filter(({ fields }) => fields.length > 0);
  if (header === undefined) throw syntax(1, 'there is no header line');
  const columns =
    config === undefined ? headerColumns(header.fields) : mfgColumns(header.fields, config);
  const [first] = records;
  const rows: BoardRow[] = [];
  for (const record of records) rows.push(await boardRow(record, columns, first ?? record));
  if (rows.length === 0) throw syntax(header.line, 'there is no row below the header');
  assertDistinct(rows);
  return rows;
}

async function boardRow(
  { line, fields }: CsvRecord,
  columns: readonly BoardColumn[],
  first: CsvRecord,
): Promise<BoardRow> {
  if (fields.length !== columns.length) {
    throw syntax(line, `the row has ${fields.length} fields, the header has ${columns.length}`);
  }
  let mac: string | null = null;
  let id: string | null = null;
  const stored = new Map<string, NvsCsvRow[]>();
  for (const [index, column] of columns.entries()) {
    const field = fields[index] ?? '';
    if (column.kind === 'mac') mac = field.trim() === '' ? null : macOf(line, field);
    if (column.kind === 'id') id = field.trim();
    if (column.kind !== 'value') continue;
    const value = column.repeats ? (first.fields[index] ?? '') : field;
    if (value === '') continue;
    const { namespace, key, type, encoding } = column;
    const rows = stored.get(namespace) ?? [];
    rows.push({ line, key, type, encoding, value });
    stored.set(namespace, rows);
  }
  if (id === '') throw syntax(line, 'the row has no id');
  const rows = [...stored].flatMap(([namespace, values]) => [
    { line, key: namespace, type: 'namespace', encoding: '', value: '' },
    ...values,
  ]);
  return { line, id: id ?? (await digest(fields)), isNamed: id !== null, mac, rows };
}

function macOf(line: number, field: string): string {
  const text = field.trim();
  if (!MAC.test(text)) throw syntax(line, `"${text}" is no MAC address`);
  return (text.toLowerCase().match(/[0-9a-f]{2}/g) ?? []).join(':');
}

const DIGEST_DIGITS = 32;

async function digest(fields: readonly string[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(fields));
  return toHex(await sha256(bytes)).slice(0, DIGEST_DIGITS);
}

/** Two boards must not get the same serial number, and one board not two. */
function assertDistinct(rows: readonly BoardRow[]): void {
  const seen = new Map<string, number>();
  for (const { id, isNamed, mac, line } of rows) {
    const names = [
      [`id ${id}`, isNamed ? `the id "${id}"` : 'the same fields'],
      ...(mac === null ? [] : [[`mac ${mac}`, `the MAC address ${mac}`]]),
    ];
    for (const [key = '', what = ''] of names) {
      const before = seen.get(key);
      if (before !== undefined) {
        throw new NvsError('nvs/row-twice', `lines ${before} and ${line} have ${what}`, {
          hint: 'Each board needs a row of its own: remove one of the two.',
          details: { lines: [before, line] },
        });
      }
      seen.set(key, line);
    }
  }
}

function syntax(line: number, what: string): NvsError {
  return new NvsError('nvs/csv-syntax', `line ${line}: ${what}`, {
    hint: 'Begin with a header line such as `id,mac,settings:serial:string,wifi:password:string`; each row has as many fields.',
    details: { line },
  });
}
