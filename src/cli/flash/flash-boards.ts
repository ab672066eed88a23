import {
  checkPlanOnBoard,
  Compressor,
  executePlan,
  type FlashDevice,
  type FlashInput,
  type FlashPlan,
  type OnProgress,
} from '../../flash/index.ts';
import { OtakitError, systemClock } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { EXIT } from '../exit-codes.ts';
import type { Cli } from '../nouns.ts';
import { renderError } from '../render-error.ts';
import type { BoardInputs } from './board-nvs.ts';
import { type BoardDone, boardData, type BoardResult, doneText } from './board-report.ts';
import { createBoardScreen } from './board-screen.ts';
import { prepareMonitor } from './monitor-after.ts';
import { assertGood, tableOnBoard, type WritingOptions } from './planning.ts';
import { targetsOf, withDeviceAt } from './session.ts';

/** Makes the plan for a board that is connected, with what it gets of its own. */
export type PlanFor = (device: FlashDevice, own: readonly FlashInput[]) => Promise<FlashPlan>;

/** Flashes all boards that are meant, at once; one that fails leaves the others alone. */
export async function flashBoards(
  options: WritingOptions,
  cli: Cli,
  planFor: PlanFor,
  perBoard: BoardInputs | null = null,
): Promise<void> {
  const monitor = await prepareMonitor(options);
  const targets = await targetsOf(options);
  if (monitor !== null && targets.length > 1) {
    throw new CliError(
      'cli/usage',
      `--monitor watches one board, but there are ${targets.length}`,
      {
        hint: 'Name one with --port, or leave --monitor out.',
      },
    );
  }
  const screen = createBoardScreen(cli.context.stderr, targets, systemClock);
  const compressor = new Compressor();
  const finish = monitor?.keep ?? startApplication(options);
  const results = await Promise.all(
    targets.map((target) =>
      flashOne(target, options, cli, {
        planFor,
        perBoard,
        compressor,
        finish,
        onProgress: screen.progressOf(target),
      }),
    ),
  ).finally(() => screen.finish());
  cli.context.signal.throwIfAborted();
  const [only] = results;
  if (only !== undefined && results.length === 1 && !only.ok) throw only.error;
  summarise(results, options, cli);
  await monitor?.watch(cli.context);
}

/** How one board is flashed. */
export interface Flashing {
  readonly planFor: PlanFor;
  readonly perBoard: BoardInputs | null;
  /** Shared by all boards that get the same. */
  readonly compressor: Compressor;
  /** What becomes of the board when all is well. */
  readonly finish: (device: FlashDevice) => Promise<unknown>;
  readonly onProgress: OnProgress;
}

/** What a board does afterwards, unless it is to be watched: run. */
export function startApplication({ reset }: WritingOptions): Flashing['finish'] {
  return async (device) => (reset ? device.reset() : null);
}

/** Flashes one board. Failure is a result too. */
export async function flashOne(
  target: string,
  options: WritingOptions,
  cli: Cli,
  { planFor, perBoard, compressor, finish, onProgress }: Flashing,
): Promise<BoardResult> {
  const start = systemClock.now();
  const work = async (device: FlashDevice): Promise<BoardDone> => {
    const { mac } = device.info;
    let checked = await checkPlanOnBoard(await planFor(device, []), device);
    assertGood(checked.issues, options, cli);
    if (perBoard !== null) {
      // Only now: a board that is refused must not use up what is there for another.
      const table = checked.plan.table ?? (await tableOnBoard(device, options));
      const own = await perBoard.inputsFor(mac, table);
      checked = await checkPlanOnBoard(await planFor(device, own), device);
      assertGood(checked.issues, options, cli);
    }
    const parts = await executePlan(checked, device, {
      full: options.full === true,
      verify: options.verify,
      onProgress,
      compressor,
    });
    await perBoard?.done(mac);
    const { chip, revision } = device.info;
    const nvsRow = perBoard?.describe(mac) ?? null;
    return { chip, revision, mac, baudRate: device.baudRate, checked, parts, nvsRow };
  };
  try {
    const done = await withDeviceAt(target, options, cli, work, finish);
    return { target, durationMs: systemClock.now() - start, ok: true, done };
  } catch (error) {
    return { target, durationMs: systemClock.now() - start, ok: false, error };
  }
}

function summarise(
  results: readonly BoardResult[],
  { json, monitor }: WritingOptions,
  { context, setExitCode }: Cli,
): void {
  const failed = results.filter(({ ok }) => !ok);
  if (json === true) {
    // What is watched afterwards comes in lines of JSON.
    const indent = monitor === true ? 0 : 2;
    context.stdout.write(`${JSON.stringify({ boards: results.map(boardData) }, null, indent)}\n`);
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
