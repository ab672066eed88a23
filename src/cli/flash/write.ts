import { FlashError, type FlashInput, type FlashPlan, planFlash } from '../../flash/index.ts';
import type { PartitionTable } from '../../partition-table/index.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import { optionalSize } from '../partitions/options.ts';
import type { Cli } from '../nouns.ts';
import { flashBoards } from './flash-boards.ts';
import { type InputOptions, readInputs } from './inputs.ts';
import { planData } from './plan-text.ts';
import { assertGood, plannerOptions, show, tableOnBoard, type WritingOptions } from './planning.ts';

export interface WriteCommandOptions extends WritingOptions, InputOptions {
  readonly dryRun?: true;
}

/** `otakit flash write FILE…` */
export async function write(
  files: readonly string[],
  options: WriteCommandOptions,
  cli: Cli,
): Promise<void> {
  const { context } = cli;
  const inputs = await readInputs(files, options);
  const table = await namedTable(options, cli);
  const plan = await planWithoutBoard(inputs, table, options);
  if (plan !== null) {
    show(plan, options, cli);
    assertGood(plan.issues, options, cli);
  }
  if (options.dryRun) {
    if (options.json && plan !== null) {
      context.stdout.write(`${JSON.stringify(planData(plan), null, 2)}\n`);
    }
    return;
  }
  await flashBoards(options, cli, async (device) => {
    if (plan !== null) return plan;
    const made = await planFlash(inputs, {
      table: await tableOnBoard(device, options),
      ...plannerOptions(options),
    });
    show(made, options, cli);
    return made;
  });
}

async function namedTable(
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

/** The plan, or `null` where it takes the table of the board to make one. */
async function planWithoutBoard(
  inputs: readonly FlashInput[],
  table: PartitionTable | null,
  options: WriteCommandOptions,
): Promise<FlashPlan | null> {
  try {
    return await planFlash(inputs, { table, ...plannerOptions(options) });
  } catch (error) {
    const needsBoard = error instanceof FlashError && error.code === 'flash/no-table';
    if (needsBoard && !options.dryRun) return null;
    throw error;
  }
}
