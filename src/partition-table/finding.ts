import type { Issue, Severity } from '../shared/index.ts';
import type { PartitionTableCode } from './codes.ts';
import type { CsvColumn, PartitionEntry } from './model.ts';

/** Something that is wrong with a table that could be parsed. */
export type Finding = Issue<PartitionTableCode>;

/** A finding about an entry, pointing at the field of its CSV row or at its binary row. */
export function finding(
  code: PartitionTableCode,
  severity: Severity,
  at: { readonly entry: PartitionEntry; readonly column: CsvColumn } | null,
  message: string,
  hint: string,
): Finding {
  const place = at?.entry.location;
  if (at === null || place === undefined) return { code, severity, message, hint };
  const location =
    place.kind === 'text'
      ? { kind: 'text' as const, line: place.line, column: place.columns[at.column] }
      : place;
  return { code, severity, message, hint, location };
}
