import {
  type FlashDevice,
  FlashError,
  type FlashInput,
  type FlashPlan,
  planFlash,
} from '../../flash/index.ts';
import type { PartitionTable } from '../../partition-table/index.ts';
import { CliError } from '../codes.ts';
import type { Cli } from '../nouns.ts';
import { prepareBoardNvs } from './board-nvs.ts';
import { prepareNvsSealing } from './nvs-sealing.ts';
import { flashBoards } from './flash-boards.ts';
import { type InputOptions, readInputs } from './inputs.ts';
import { planText, printPlan } from './plan-text.ts';
import {
  assertGood,
  namedTable,
  plannerOptions,
  show,
  tableOnBoard,
  type WritingOptions,
} from './planning.ts';

export interface WriteCommandOptions extends WritingOptions, InputOptions {
  readonly dryRun?: true;
}

/** `otakit flash write FILE…` */
export async function write(
  files: readonly string[],
  options: WriteCommandOptions,
  cli: Cli,
): Promise<void> {
  assertRowsForNvs(options);
  const inputs = await readInputs(files, options);
  const table = await namedTable(options, cli);
  const perBoard = await prepareBoardNvs(options, await prepareNvsSealing(options));
  const plan = await planWithoutBoard(inputs, table, options);
  if (plan !== null) {
    show(plan, options, cli);
    assertGood(plan.issues, 'plan', options, cli);
    if (plan.table !== null) await perBoard?.check(plan.table);
  }
  if (options.dryRun) {
    if (options.json && plan !== null) printPlan(plan, cli);
    return;
  }
  await flashBoards(options, cli, {
    early: plan,
    perBoard,
    planFor: async (device, own) => {
      if (plan !== null && plan.table !== null && own.length === 0) return plan;
      // Files with offsets alone are judged by the table of the board too, where it has one.
      const onBoard = plan?.table ?? (await tableFor(device, plan === null, options));
      if (plan !== null && onBoard === null && own.length === 0) return plan;
      const made = await planFlash([...inputs, ...own], {
        table: onBoard,
        ...plannerOptions(options),
      });
      const isNew = plan === null || planText(plan) !== planText(made);
      if (own.length === 0 && isNew) show(made, options, cli);
      return made;
    },
  });
}

/**
 * Files go to the flash as they are, and where they say: who asks for encrypted NVS here must not get it
 * in the clear, nor who names a partition a file in another.
 */
function assertRowsForNvs({
  nvsRows,
  partition,
  nvsKeys,
  nvsHmacKey,
  nvsPlain,
}: WriteCommandOptions): void {
  if (nvsRows !== undefined) return;
  const given = [
    ...(partition === undefined ? [] : ['--partition']),
    ...(nvsKeys === undefined ? [] : ['--nvs-keys']),
    ...(nvsHmacKey === undefined ? [] : ['--nvs-hmac-key']),
    ...(nvsPlain ? ['--nvs-plain'] : []),
  ];
  if (given.length === 0) return;
  throw new CliError('cli/usage', `${given.join(' and ')}: only for --nvs-rows here`, {
    hint: 'Add --nvs-rows, or write NVS with `otakit flash nvs`; files are written as they are, and where --at says.',
  });
}

/** The table of the board; `null` where there is none and none is needed. */
async function tableFor(
  device: FlashDevice,
  isNeeded: boolean,
  options: WriteCommandOptions,
): Promise<PartitionTable | null> {
  try {
    return await tableOnBoard(device, options);
  } catch (error) {
    if (isNeeded || !(error instanceof FlashError && error.code === 'flash/no-table')) throw error;
    return null;
  }
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
