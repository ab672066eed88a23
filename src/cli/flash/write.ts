import { formatRevision } from '../../app-image/index.ts';
import { chipByName } from '../../chips/index.ts';
import {
  type CheckedPlan,
  checkPlanOnBoard,
  Compressor,
  executePlan,
  type FlashDevice,
  FlashError,
  type FlashInput,
  type FlashPlan,
  type OnProgress,
  type PartReport,
  planFlash,
  readBoardTable,
} from '../../flash/index.ts';
import { slotName } from '../../flash-data/index.ts';
import type { PartitionTable } from '../../partition-table/index.ts';
import {
  formatDuration,
  formatSize,
  hasErrors,
  type Issue,
  OtakitError,
  systemClock,
} from '../../shared/index.ts';
import { EXIT } from '../exit-codes.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import { optionalSize } from '../partitions/options.ts';
import type { Cli } from '../program.ts';
import { renderError } from '../render-error.ts';
import { renderIssues } from '../render-issues.ts';
import { createBoardScreen } from './board-screen.ts';
import { type InputOptions, readInputs } from './inputs.ts';
import { planData, planText } from './plan-text.ts';
import type { TableSource } from './range.ts';
import { type PortOptions, targetsOf, withDeviceAt } from './session.ts';

/** What all writing commands can be told. */
export interface WritingOptions extends PortOptions, TableSource {
  readonly keep?: string;
  readonly eraseAll?: true;
  readonly full?: true;
  /** `false` for --no-verify. */
  readonly verify: boolean;
  readonly json?: true;
}

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

export function plannerOptions({ keep, eraseAll }: WritingOptions) {
  const names = (keep ?? '').split(',').map((name) => name.trim());
  return { keep: names.filter((name) => name !== ''), eraseAll: eraseAll === true };
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

export function show(plan: FlashPlan, { json }: { readonly json?: true }, { context }: Cli): void {
  if (json !== true) context.stderr.write(planText(plan));
}

function assertGood(issues: readonly Issue[], { json }: WritingOptions, { context }: Cli): void {
  if (json !== true) renderIssues(issues, 'plan', context.stderr, context.env);
  if (!hasErrors(issues)) return;
  const count = issues.filter(({ severity }) => severity === 'error').length;
  throw new FlashError(
    'flash/plan-refused',
    `nothing was written: ${count === 1 ? 'one thing speaks' : `${count} things speak`} against it`,
    { hint: 'See above for what, and what to do.', details: { issues } },
  );
}

/** What became of one board. */
type BoardResult = { readonly target: string; readonly durationMs: number } & (
  | { readonly ok: true; readonly done: BoardDone }
  | { readonly ok: false; readonly error: unknown }
);

interface BoardDone {
  readonly chip: FlashDevice['info']['chip'];
  readonly revision: number;
  readonly mac: string;
  readonly baudRate: number | null;
  readonly checked: CheckedPlan;
  readonly parts: readonly PartReport[];
}

/** Flashes all boards that are meant, at once; one that fails leaves the others alone. */
export async function flashBoards(
  options: WritingOptions,
  cli: Cli,
  planFor: (device: FlashDevice) => Promise<FlashPlan>,
): Promise<void> {
  const targets = await targetsOf(options);
  const screen = createBoardScreen(cli.context.stderr, targets, systemClock);
  const compressor = new Compressor();
  const results = await Promise.all(
    targets.map(async (target): Promise<BoardResult> => {
      const start = systemClock.now();
      try {
        const done = await withDeviceAt(target, options, cli, (device) =>
          flashBoard(device, planFor, options, cli, compressor, screen.progressOf(target)),
        );
        return { target, durationMs: systemClock.now() - start, ok: true, done };
      } catch (error) {
        return { target, durationMs: systemClock.now() - start, ok: false, error };
      }
    }),
  ).finally(() => screen.finish());
  cli.context.signal.throwIfAborted();
  const [only] = results;
  if (only !== undefined && results.length === 1 && !only.ok) throw only.error;
  summarise(results, options, cli);
}

async function flashBoard(
  device: FlashDevice,
  planFor: (device: FlashDevice) => Promise<FlashPlan>,
  options: WritingOptions,
  cli: Cli,
  compressor: Compressor,
  onProgress: OnProgress,
): Promise<BoardDone> {
  const plan = await planFor(device);
  const checked = await checkPlanOnBoard(plan, device);
  assertGood(checked.issues, options, cli);
  const parts = await executePlan(checked, device, {
    full: options.full === true,
    verify: options.verify,
    onProgress,
    compressor,
  });
  const { chip, revision, mac } = device.info;
  return { chip, revision, mac, baudRate: device.baudRate, checked, parts };
}

function summarise(
  results: readonly BoardResult[],
  { json }: WritingOptions,
  { context, setExitCode }: Cli,
): void {
  const failed = results.filter(({ ok }) => !ok);
  if (json === true) {
    context.stdout.write(`${JSON.stringify({ boards: results.map(asData) }, null, 2)}\n`);
  } else {
    for (const result of results) {
      if (result.ok) {
        context.stdout.write(`${result.target}: ${doneText(result.done, result.durationMs)}\n`);
      } else {
        context.stdout.write(`${result.target}: failed\n`);
        if (result.error instanceof OtakitError) renderError(result.error, context, false);
      }
    }
    if (results.length > 1) {
      context.stdout.write(`${results.length - failed.length} of ${results.length} boards done\n`);
    }
  }
  const [first] = failed;
  if (first === undefined || first.ok) return;
  if (!(first.error instanceof OtakitError)) throw first.error;
  setExitCode(EXIT[first.error.kind]);
}

const BITS_PER_BYTE_ON_THE_LINE = 10;

function doneText({ chip, revision, mac, baudRate, checked, parts }: BoardDone, tookMs: number) {
  const sum = (pick: (part: PartReport) => number) =>
    parts.reduce((total, part) => total + pick(part), 0);
  const written = sum(({ writtenBytes }) => writtenBytes);
  const sent = sum(({ sentBytes }) => sentBytes);
  const total = sum(({ sizeBytes }) => sizeBytes);
  const lineMs = baudRate === null ? null : (sent * BITS_PER_BYTE_ON_THE_LINE * 1000) / baudRate;
  const line =
    lineMs === null ? '' : `; the line alone needs ${formatDuration(lineMs)} at ${baudRate} baud`;
  const work =
    written === 0
      ? `the flash held all ${formatSize(total)} already`
      : `wrote ${formatSize(written)} of ${formatSize(total)} (sent ${formatSize(sent)}${line})`;
  const checkedWord = parts.every(({ verified }) => verified) ? ', verified' : ', not verified';
  const { boots } = checked.plan;
  const boot = boots === null ? '' : `; boots ${slotName(boots)}`;
  const otadata = checked.bootFix === null ? '' : ' (otadata was changed)';
  return `${chipByName(chip).title} ${formatRevision(revision)} ${mac}: ${work} in ${formatDuration(tookMs)}${checkedWord}${boot}${otadata}`;
}

function asData(result: BoardResult) {
  const { target, durationMs, ok } = result;
  if (!result.ok) {
    const { error } = result;
    const { code, message, hint } =
      error instanceof OtakitError ? error : { code: 'cli/bug', message: String(error), hint: '' };
    return { target, durationMs, ok, error: { code, message, hint } };
  }
  const { chip, revision, mac, baudRate, checked, parts } = result.done;
  return {
    target,
    durationMs,
    ok,
    chip,
    revision,
    mac,
    baudRate,
    plan: planData(checked.plan),
    otadataChanged: checked.bootFix !== null,
    parts,
  };
}
