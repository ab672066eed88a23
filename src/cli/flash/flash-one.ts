import {
  checkPlanOnBoard,
  type Compressor,
  executePlan,
  type FlashDevice,
  type FlashInput,
  type FlashPlan,
  type OnProgress,
} from '../../flash/index.ts';
import { hasErrors, systemClock } from '../../shared/index.ts';
import type { Cli } from '../nouns.ts';
import type { BoardInputs } from './board-nvs.ts';
import type { BoardDone, BoardResult } from './board-report.ts';
import { assertGood, tableOnBoard, type WritingOptions } from './planning.ts';
import { withDeviceAt } from './session.ts';

/** Makes the plan for a board that is connected, with what it gets of its own. */
export type PlanFor = (device: FlashDevice, own: readonly FlashInput[]) => Promise<FlashPlan>;

/** What boards get. */
export interface FlashJob {
  readonly planFor: PlanFor;
  /** What each gets of its own. */
  readonly perBoard?: BoardInputs | null;
  /** The plan, where it takes no board to make it. */
  readonly early?: FlashPlan | null;
}

/** How one board is flashed. */
export interface Flashing extends FlashJob {
  /** Shared by all boards that get the same. */
  readonly compressor: Compressor;
  /** What becomes of the board when all is well. */
  readonly finish: (device: FlashDevice) => Promise<unknown>;
  /** What becomes of it when it failed, beside a reset. */
  readonly onFailure?: (device: FlashDevice) => void;
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
  { planFor, perBoard, early, compressor, finish, onFailure, onProgress }: Flashing,
): Promise<BoardResult> {
  const start = systemClock.now();
  let connected: string | null = null;
  const work = async (device: FlashDevice): Promise<BoardDone> => {
    const { mac } = device.info;
    connected = mac;
    let checked = await checkPlanOnBoard(await planFor(device, []), device);
    // What is wrong with the plan itself was said before.
    const found = checked.issues.filter((issue) => early?.issues.includes(issue) !== true);
    assertGood(found, target, options, cli);
    if (perBoard) {
      // Only now: a board that is refused must not use up what is there for another.
      const table = checked.plan.table ?? (await tableOnBoard(device, options));
      const own = await perBoard.inputsFor(mac, table);
      checked = await checkPlanOnBoard(await planFor(device, own), device);
      if (hasErrors(checked.issues)) assertGood(checked.issues, target, options, cli);
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
    const attempt = async (device: FlashDevice) => {
      try {
        return await work(device);
      } catch (error) {
        onFailure?.(device);
        throw error;
      }
    };
    const done = await withDeviceAt(target, options, cli, attempt, finish);
    return { target, mac: done.mac, durationMs: systemClock.now() - start, ok: true, done };
  } catch (error) {
    return { target, mac: connected, durationMs: systemClock.now() - start, ok: false, error };
  }
}
