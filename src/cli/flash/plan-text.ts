import { chipByName } from '../../chips/index.ts';
import { type FlashPlan, lostPartitions, type PlannedPart } from '../../flash/index.ts';
import { slotName } from '../../flash-data/index.ts';
import { shownName } from '../../partition-table/index.ts';
import { formatHex, formatSize, printable } from '../../shared/index.ts';
import type { Cli } from '../nouns.ts';
import { textTable } from '../text-table.ts';

/** A plan for people, before anything is done. */
export function planText(plan: FlashPlan): string {
  const { parts, chip, boots, kept, eraseAll } = plan;
  const rows = parts.map((part) => [
    formatHex(part.flashOffset),
    formatSize(part.contentBytes),
    part.entry === null ? part.name : shownName(part.entry),
    printable(describe(part)),
    printable(part.fileName),
  ]);
  const columns = [
    { title: 'offset', align: 'right' as const },
    { title: 'size', align: 'right' as const },
    { title: 'into' },
    { title: 'what' },
    { title: 'from' },
  ];
  const lines = [
    `Plan${chip === null ? '' : ` for an ${chipByName(chip).title}`}:`,
    textTable(columns, rows)
      .split('\n')
      .map((line) => `  ${line}`)
      .join('\n'),
  ];
  const lost = lostPartitions(plan);
  if (eraseAll) {
    const what = lost.length === 0 ? '' : `; lost: ${lost.map(shownName).join(', ')}`;
    lines.push(`  the whole flash is erased before${what}`);
  }
  if (kept.length > 0) lines.push(`  not touched: ${kept.map(shownName).join(', ')}`);
  if (boots !== null) lines.push(`  afterwards ${slotName(boots)} boots`);
  return `${lines.join('\n')}\n`;
}

function describe({ kind, image }: PlannedPart): string {
  if (kind !== 'app-image') return kind.replace('-', ' ');
  const descriptor = image?.appDescriptor ?? null;
  if (descriptor === null) return 'app';
  return `app ${descriptor.projectName ?? '?'} ${descriptor.version ?? '?'}`;
}

/** A plan as data, for `--json`. */
export function planData({ parts, chip, boots, kept, eraseAll, writesTable }: FlashPlan) {
  return {
    chip,
    parts: parts.map(({ kind, fileName, name, flashOffset, contentBytes, entry, image }) => ({
      kind,
      file: fileName,
      name,
      flashOffset,
      sizeBytes: contentBytes,
      partition: entry?.name ?? null,
      version: image?.appDescriptor?.version ?? null,
    })),
    boots: boots === null ? null : slotName(boots),
    kept: kept.map(({ name }) => name),
    eraseAll,
    writesTable,
  };
}

/** Prints a plan that is only asked for, as one JSON object. */
export function printPlan(plan: FlashPlan, { context }: Cli): void {
  const data = { ...planData(plan), issues: plan.issues };
  context.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
}
