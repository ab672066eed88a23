import { type FlashDevice, FlashError, type FlashPlan, readBoardTable } from '../../flash/index.ts';
import type { PartitionTable } from '../../partition-table/index.ts';
import { hasErrors, type Issue } from '../../shared/index.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import { optionalSize } from '../partitions/options.ts';
import type { Cli } from '../nouns.ts';
import { renderIssues } from '../render-issues.ts';
import type { NvsRowOptions } from './board-nvs.ts';
import type { MonitorOptions } from './monitor-after.ts';
import { planText } from './plan-text.ts';
import type { TableSource } from './range.ts';
import type { PortOptions } from './session.ts';

/** What all writing commands can be told. */
export interface WritingOptions extends PortOptions, TableSource, MonitorOptions, NvsRowOptions {
  readonly keep?: string;
  readonly eraseAll?: true;
  readonly full?: true;
  /** Board after board. */
  readonly loop?: true;
  /** `false` for --no-verify. */
  readonly verify: boolean;
  readonly json?: true;
}

export function plannerOptions({ keep, eraseAll }: WritingOptions) {
  const names = (keep ?? '').split(',').map((name) => name.trim());
  return { keep: names.filter((name) => name !== ''), eraseAll: eraseAll === true };
}

/** The table of `--partitions`; `null` without it. */
export async function namedTable(
  options: WritingOptions,
  { context }: Cli,
): Promise<PartitionTable | null> {
  if (options.partitions === undefined) return null;
  const tableFlashOffset = optionalSize('--table-offset', options.tableOffset);
  return loadPartitionTable(options.partitions, {
    variables: context.env,
    ...(tableFlashOffset === undefined ? {} : { tableFlashOffset }),
  });
}

/** The table on the board. @throws FlashError `flash/no-table` */
export async function tableOnBoard(
  device: FlashDevice,
  { tableOffset }: TableSource,
): Promise<PartitionTable> {
  const board = await readBoardTable(device, optionalSize('--table-offset', tableOffset));
  if (board.kind === 'table') return board.table;
  throw new FlashError('flash/no-table', `the board has no partition table: ${board.problem}`, {
    hint: 'Flash the merged image (or --flasher-args) first; an app alone would not boot.',
  });
}

/** Shows a plan before anything is done. */
export function show(plan: FlashPlan, { json }: { readonly json?: true }, { context }: Cli): void {
  if (json !== true) context.stderr.write(planText(plan));
}

/**
 * Shows what speaks against a plan.
 *
 * @param subject what the issues are about
 * @throws FlashError `flash/plan-refused` where an issue is an error
 */
export function assertGood(
  issues: readonly Issue[],
  subject: string,
  { json }: { readonly json?: true },
  { context }: Cli,
): void {
  if (json !== true) renderIssues(issues, subject, context.stderr, context.env);
  if (!hasErrors(issues)) return;
  const count = issues.filter(({ severity }) => severity === 'error').length;
  throw new FlashError(
    'flash/plan-refused',
    `nothing was written: ${count === 1 ? 'one thing speaks' : `${count} things speak`} against it`,
    { hint: 'See above for what, and what to do.', details: { issues } },
  );
}
