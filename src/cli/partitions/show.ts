import { formatHex, formatSize, type Issue } from '../../shared/index.ts';
import {
  endOf,
  type FlashRegion,
  flashRegions,
  type PartitionTable,
  shownName,
  smallestFlashBytes,
  subtypeName,
  typeName,
  usedFlashBytes,
} from '../../partition-table/index.ts';
import { wantsColour } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Cli } from '../nouns.ts';
import { renderIssues } from '../render-issues.ts';
import { textTable } from '../text-table.ts';
import { flashMapText, regionName } from './flash-map-text.ts';
import { type CheckOptionValues, optionalSize, type TableOptionValues } from './options.ts';
import { readAndCheck } from './read-and-check.ts';

/** What `partitions show` can be told. */
export interface ShowOptions extends TableOptionValues, CheckOptionValues {
  readonly json?: boolean;
}

/** Prints a table with what is free, and a map of the flash. */
export async function show(file: string, options: ShowOptions, cli: Cli): Promise<void> {
  const { context } = cli;
  const flashSizeOption = optionalSize('--flash-size', options.flashSize);
  const { form, table, issues } = await readAndCheck(file, options, context);
  if (table === null) cli.setExitCode(EXIT.input);
  const flashSizeBytes = table === null ? null : (flashSizeOption ?? guessFlashSize(table));
  if (options.json) {
    context.stdout.write(
      `${JSON.stringify(report(file, form, table, flashSizeBytes, issues), null, 2)}\n`,
    );
    return;
  }
  if (table !== null && flashSizeBytes !== null) {
    const regions = flashRegions(table, flashSizeBytes);
    const given = flashSizeOption === undefined ? 'at least ' : '';
    context.stdout.write(
      `${file}: ${table.entries.length} entries, table at ${formatHex(table.tableFlashOffset)}, ${given}${formatSize(flashSizeBytes)} of flash, ${formatSize(freeBytes(regions))} free\n\n` +
        `${regionTable(regions)}\n\n` +
        `${flashMapText(regions, flashSizeBytes, wantsColour(context.stdout, context.env))}\n`,
    );
  }
  // Remarks are for `check`; here they would bury the table.
  const shown = issues.filter(({ severity }) => severity !== 'info');
  renderIssues(shown, file, context.stderr, context.env);
}

function guessFlashSize(table: PartitionTable): number {
  return smallestFlashBytes(table) ?? usedFlashBytes(table);
}

function freeBytes(regions: readonly FlashRegion[]): number {
  return regions.reduce((sum, { kind, sizeBytes }) => sum + (kind === 'free' ? sizeBytes : 0), 0);
}

function regionTable(regions: readonly FlashRegion[]): string {
  return textTable(
    [
      { title: 'Name' },
      { title: 'Type' },
      { title: 'Subtype' },
      { title: 'Offset', align: 'right' },
      { title: 'End', align: 'right' },
      { title: 'Size', align: 'right' },
      { title: 'Bytes', align: 'right' },
      { title: 'Flags' },
    ],
    regions.map((region) => {
      const { flashOffset, sizeBytes } = region;
      const end = formatHex(Math.max(flashOffset, flashOffset + sizeBytes - 1));
      const place = [formatHex(flashOffset), end, formatSize(sizeBytes), formatHex(sizeBytes)];
      if (region.kind !== 'entry') return [`(${regionName(region)})`, '', '', ...place];
      const { entry } = region;
      const flags = [entry.encrypted ? 'encrypted' : '', entry.readonly ? 'readonly' : ''];
      return [
        shownName(entry),
        typeName(entry.type),
        subtypeName(entry.type, entry.subtype),
        ...place,
        flags.filter(Boolean).join(':'),
      ];
    }),
  );
}

function report(
  file: string,
  form: 'csv' | 'binary',
  table: PartitionTable | null,
  flashSizeBytes: number | null,
  issues: readonly Issue[],
): Record<string, unknown> {
  if (table === null || flashSizeBytes === null) return { file, form, table: null, issues };
  const free = flashRegions(table, flashSizeBytes).filter(({ kind }) => kind === 'free');
  return {
    file,
    form,
    tableFlashOffset: table.tableFlashOffset,
    hasMd5: table.hasMd5,
    flashSizeBytes,
    usedBytes: usedFlashBytes(table),
    entries: table.entries.map((entry) => ({
      name: entry.name,
      type: entry.type,
      typeName: typeName(entry.type),
      subtype: entry.subtype,
      subtypeName: subtypeName(entry.type, entry.subtype),
      flashOffset: entry.flashOffset,
      sizeBytes: entry.sizeBytes,
      endOffset: endOf(entry),
      encrypted: entry.encrypted,
      readonly: entry.readonly,
      ...(entry.unknownFlags === undefined ? {} : { unknownFlags: entry.unknownFlags }),
      ...(entry.location?.kind === 'text' ? { line: entry.location.line } : {}),
    })),
    free: free.map(({ flashOffset, sizeBytes }) => ({ flashOffset, sizeBytes })),
    issues,
  };
}
