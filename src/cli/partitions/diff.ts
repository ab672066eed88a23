import { formatCount, formatHex, formatSize } from '../../shared/index.ts';
import {
  type CableStep,
  type DataLoss,
  diffPartitionTables,
  type EntryChange,
  type PartitionEntry,
  shownName,
  subtypeName,
  type TableDiff,
  typeName,
} from '../../partition-table/index.ts';
import { EXIT } from '../exit-codes.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import type { Cli } from '../nouns.ts';
import { tableOptions, type TableOptionValues } from './options.ts';

/** What `partitions diff` can be told. */
export interface DiffOptions extends TableOptionValues {
  readonly exitCode?: boolean;
  readonly json?: boolean;
}

/** Says whether devices get from one table to another over the air, what is lost, what a cable must bring. */
export async function diff(
  before: string,
  after: string,
  options: DiffOptions,
  cli: Cli,
): Promise<void> {
  const { context } = cli;
  const parsing = tableOptions(options, context.env);
  const result = diffPartitionTables(
    await loadPartitionTable(before, parsing),
    await loadPartitionTable(after, parsing),
  );
  if (options.exitCode && result.overTheAir.verdict === 'no') cli.setExitCode(EXIT.input);
  context.stdout.write(
    options.json ? `${JSON.stringify(plain(before, after, result), null, 2)}\n` : text(result),
  );
}

function text(result: TableDiff): string {
  const { identical, changes, overTheAir, dataLost, byCable } = result;
  if (identical) return 'The tables are the same in flash; there is nothing to do.\n';
  const reasons = overTheAir.reasons.map((reason) => `  ${reason}\n`).join('');
  const verdict =
    overTheAir.verdict === 'no'
      ? `Over the air: no. An update replaces the app, not the table, and\n${reasons}`
      : `Over the air: the new app runs on devices that keep the old table${reasons === '' ? '.\n' : `, if\n${reasons}`}`;
  const lost =
    dataLost.length === 0
      ? 'Data lost: none.\n'
      : `Data lost when the new table is flashed (read it out before):\n${dataLost.map(lossLine).join('')}`;
  return [
    'Changes:\n',
    ...(changes.length === 0
      ? ['  only the order, or where the table lies\n']
      : changes.map(changeLine)),
    `\n${verdict}`,
    `\n${lost}`,
    `\nBy cable, to get to the new table:\n${byCable.map(stepLine).join('')}`,
  ].join('');
}

function changeLine(change: EntryChange): string {
  if (change.kind === 'added') return `  + ${shownName(change.after)}  ${place(change.after)}\n`;
  if (change.kind === 'removed')
    return `  - ${shownName(change.before)}  ${place(change.before)}\n`;
  const { before, after, what } = change;
  const parts = {
    name: `called ${shownName(before)} before`,
    type: `${kind(before)} → ${kind(after)}`,
    offset: `${formatHex(before.flashOffset)} → ${formatHex(after.flashOffset)}`,
    size: `${formatSize(before.sizeBytes)} → ${formatSize(after.sizeBytes)}`,
    flags: 'other flags',
  };
  return `  ~ ${shownName(after)}  ${what.map((one) => parts[one]).join(', ')}\n`;
}

function lossLine({ entry, reason, by }: DataLoss): string {
  const why = {
    removed: 'the new table has no such entry',
    moved: 'it lies elsewhere in the new table',
    shrunk: 'it is smaller in the new table',
    retyped: 'it has another type in the new table',
    overwritten: `${by === null ? 'another entry' : shownName(by)} lies over it in the new table`,
  }[reason];
  return `  ${shownName(entry)}  ${place(entry)}: ${why}\n`;
}

function stepLine({ what, action, entry, flashOffset, sizeBytes }: CableStep): string {
  const name = entry === null ? 'partition table' : shownName(entry);
  const app = what === 'app' ? ', the app that boots' : '';
  return `  ${action} ${name}  ${formatHex(flashOffset)}, ${formatCount(sizeBytes)} bytes${app}\n`;
}

function place(entry: PartitionEntry): string {
  return `${kind(entry)} ${formatHex(entry.flashOffset)}, ${formatSize(entry.sizeBytes)}`;
}

function kind({ type, subtype }: PartitionEntry): string {
  return `${typeName(type)}/${subtypeName(type, subtype)}`;
}

/** The result without where each entry stood in its file. */
function plain(before: string, after: string, result: TableDiff): Record<string, unknown> {
  const shown: unknown = JSON.parse(
    JSON.stringify(result, (key, value: unknown) =>
      key === 'location' || key === 'rawName' ? undefined : value,
    ),
  );
  return { before, after, ...(shown as TableDiff) };
}
