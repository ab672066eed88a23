import {
  bootSlots,
  type BootTable,
  inspectOtadata,
  type OtadataInspection,
  type OtadataRecord,
  slotName,
} from '../../flash-data/index.ts';
import { hasErrors, printable } from '../../shared/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Cli } from '../nouns.ts';
import { renderIssues } from '../render-issues.ts';
import { textTable } from '../text-table.ts';
import { type FileOptions, readOtadata } from './otadata-file.ts';

/** What `otadata show` can be told. */
export interface ShowOptions extends FileOptions {
  readonly rollback?: boolean;
}

/** Prints which slot boots, why, and the records behind that. */
export async function show(file: string, options: ShowOptions, cli: Cli): Promise<void> {
  const { context } = cli;
  const { bytes, table } = await readOtadata(file, options, context.env);
  const { rollback = false } = options;
  const inspection = inspectOtadata(bytes, table, { rollback });
  if (hasErrors(inspection.issues)) cli.setExitCode(EXIT.input);
  if (inspection.kind === 'otadata') {
    const text = options.json
      ? JSON.stringify(report(file, inspection, table, rollback), null, 2)
      : summary(inspection, table);
    context.stdout.write(`${text}\n`);
  }
  if (!options.json) renderIssues(inspection.issues, file, context.stderr, context.env);
}

type Readable = Extract<OtadataInspection, { readonly kind: 'otadata' }>;

/** The slot that a record selects, whether or not the bootloader goes by it. */
function selectedSlot({ blank, sequence }: OtadataRecord, table: BootTable): string | null {
  const { otaCount } = bootSlots(table);
  return blank || otaCount === 0 ? null : `ota_${((sequence - 1) >>> 0) % otaCount}`;
}

function summary({ otadata, choice, why }: Readable, table: BootTable): string {
  const rows = otadata.records.map((record, index) => [
    String(index),
    record.blank ? '-' : String(record.sequence),
    selectedSlot(record, table) ?? '-',
    record.blank ? 'blank' : record.state,
    record.blank ? '-' : record.crcValid ? 'good' : 'wrong',
    choice.activeRecord === index ? 'in charge' : record.eligible ? 'older' : 'ignored',
  ]);
  const records = textTable(
    [
      { title: 'Record', align: 'right' },
      { title: 'Sequence', align: 'right' },
      { title: 'Slot' },
      { title: 'State' },
      { title: 'CRC' },
      { title: 'Use' },
    ],
    rows,
  );
  const { boots, attempts, writes } = choice;
  const entry = boots === null ? '' : ` ("${printable(boots.name)}")`;
  const lines = [
    `boots ${boots === null ? 'nothing' : slotName(boots)}${entry}: ${why}`,
    ...(attempts.length > 1
      ? [`if its image is bad: ${attempts.slice(1).map(slotName).join(', then ')}`]
      : []),
    ...writes.map(
      ({ record, sequence, state }) =>
        `the bootloader will write record ${record}: sequence ${sequence}, state ${state}`,
    ),
  ];
  return `${lines.join('\n')}\n\n${records}`;
}

function report(
  file: string,
  { otadata, choice, why, issues }: Readable,
  table: BootTable,
  rollback: boolean,
): Record<string, unknown> {
  return {
    file,
    boots: choice.boots === null ? null : slotName(choice.boots),
    partition: choice.boots?.name ?? null,
    reason: choice.reason,
    why,
    rollback,
    activeRecord: choice.activeRecord,
    attempts: choice.attempts.map(slotName),
    records: otadata.records.map((record, index) => ({
      index,
      sequence: record.blank ? null : record.sequence,
      slot: selectedSlot(record, table),
      state: record.state,
      crcValid: record.crcValid,
      blank: record.blank,
      eligible: record.eligible,
    })),
    writes: choice.writes,
    issues,
  };
}
