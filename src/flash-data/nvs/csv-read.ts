import { NvsError } from '../codes.ts';
import { type CsvRecord, readCsvRecords } from './csv-records.ts';

/** A row of an NVS CSV, its fields by the names in the header line. */
export interface NvsCsvRow {
  /** Where the row begins in the text, from 1. */
  readonly line: number;
  readonly key: string;
  /** `namespace`, `file`, or `data` (which everything else counts as). */
  readonly type: string;
  readonly encoding: string;
  /** For a `file` row the path. */
  readonly value: string;
}

const COLUMNS = ['key', 'type', 'encoding', 'value'] as const;

/**
 * Reads the CSV of `nvs_partition_gen`: a header line `key,type,encoding,value` (in any order, others
 * are ignored), RFC 4180 quoting with line breaks inside quotes, and comments: every line that
 * begins with `#`, even inside quotes, as that tool has it.
 *
 * @throws NvsError `nvs/csv-syntax`
 */
export function parseNvsCsv(text: string): readonly NvsCsvRow[] {
  const [header, ...records] = readCsvRecords(text);
  const missing = COLUMNS.filter((name) => !header?.fields.includes(name));
  if (header === undefined || missing.length > 0) {
    throw new NvsError(
      'nvs/csv-syntax',
      `the header line of the CSV lacks: ${missing.join(', ')}`,
      {
        hint: 'Begin the file with the line `key,type,encoding,value`.',
        details: { line: header?.line ?? 1, missing },
      },
    );
  }
  return records.filter(({ fields }) => fields.length > 0).map((record) => asRow(record, header));
}

function asRow({ line, fields }: CsvRecord, header: CsvRecord): NvsCsvRow {
  const field = (name: (typeof COLUMNS)[number], optional: boolean) => {
    // Of two columns with the same name the last one counts.
    const value = fields[header.fields.lastIndexOf(name)];
    if (value !== undefined) return value;
    if (optional) return '';
    throw new NvsError('nvs/csv-syntax', `line ${line}: the row has no field "${name}"`, {
      hint: 'Write four fields, as in `answer,data,u8,42` or `settings,namespace,,`.',
      details: { line, field: name },
    });
  };
  const type = field('type', false);
  const isNamespace = type === 'namespace';
  return {
    line,
    key: field('key', false),
    type,
    encoding: field('encoding', isNamespace),
    value: field('value', isNamespace),
  };
}
