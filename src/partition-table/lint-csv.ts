import { printable } from '../shared/index.ts';
import { CSV_COLUMNS } from './csv-fields.ts';
import { type Finding, finding } from './finding.ts';
import { type PartitionTable, shownName } from './model.ts';
import { strip } from './python-text.ts';

const FLAGS = new Set(['encrypted', 'readonly']);

/** What a CSV says and nobody reads: fields behind the flags. */
export function lintCsv(table: PartitionTable): readonly Finding[] {
  return table.entries.flatMap((entry) => {
    if (entry.location?.kind !== 'text') return [];
    const line = table.document?.lines[entry.location.line - 1]?.text ?? '';
    const ignored = line.split(',').slice(CSV_COLUMNS.length).map(strip).filter(Boolean);
    const [first] = ignored;
    if (first === undefined) return [];
    const flag = ignored.find((field) => FLAGS.has(field));
    return [
      finding(
        'partition-table/ignored-column',
        'warning',
        { entry, column: 'flags' },
        `what stands behind the flags of ${shownName(entry)} is ignored: ${printable(ignored.join(', '))}`,
        flag === undefined
          ? 'Remove it, or put a comment on a line of its own.'
          : `Flags are joined by a colon: encrypted:readonly. The entry is not ${flag}.`,
      ),
    ];
  });
}
