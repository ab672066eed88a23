import type { PartitionEntry } from '../partition-table/index.ts';
import { hasErrors, type Issue } from '../shared/index.ts';
import { type BoardTable, readBoardTable } from './board-contents.ts';
import type { FlashDevice } from './device.ts';
import { SECTOR_BYTES } from './device-limits.ts';
import type { FlashRange } from './locate.ts';
import { fixBoot } from './plan/boot.ts';
import { checkBoard } from './plan/check-board.ts';
import type { FlashPlan } from './plan/plan.ts';
import { type FlashPart, type PartReport, type WriteOptions, writeParts } from './write.ts';

/** A plan that was held against a board: what is to be done there, or why nothing is. */
export interface CheckedPlan {
  readonly plan: FlashPlan;
  readonly issues: readonly Issue[];
  /** Everything to write, otadata last. */
  readonly parts: readonly FlashPart[];
  /** Otadata as it is put right, where that is needed. */
  readonly bootFix: FlashPart | null;
}

/** Holds a plan against the board that is connected. Writes nothing. */
export async function checkPlanOnBoard(plan: FlashPlan, device: FlashDevice): Promise<CheckedPlan> {
  const boardTable: BoardTable = await readBoardTable(device, plan.table?.tableFlashOffset);
  const issues: Issue[] = [...plan.issues, ...checkBoard(plan, device.info, boardTable)];
  if (hasErrors(issues)) return { plan, issues, parts: plan.parts, bootFix: null };
  const boot = await fixBoot(plan, device);
  const parts = boot.part === null ? plan.parts : [...plan.parts, boot.part];
  return { plan, issues: [...issues, ...boot.issues], parts, bootFix: boot.part };
}

/**
 * Writes a plan that was checked.
 *
 * @throws FlashError `flash/verify-failed`, `flash/needs-stub` and whatever the line does
 */
export async function executePlan(
  { plan, parts }: CheckedPlan,
  device: FlashDevice,
  options: WriteOptions = {},
): Promise<readonly PartReport[]> {
  if (plan.eraseAll) await eraseAllBut(plan.kept, device);
  return writeParts(device, parts, options);
}

/** Erases the whole flash, around what is kept. */
async function eraseAllBut(kept: readonly PartitionEntry[], device: FlashDevice): Promise<void> {
  if (kept.length === 0) {
    await device.eraseAll();
    return;
  }
  for (const { flashOffset, sizeBytes } of gapsBetween(kept, device.info.flashSizeBytes)) {
    await device.erase(flashOffset, sizeBytes);
  }
}

/** What is left of the flash without some ranges, in whole sectors that touch none of them. */
export function gapsBetween(
  ranges: readonly FlashRange[],
  flashSizeBytes: number,
): readonly FlashRange[] {
  const gaps: FlashRange[] = [];
  let at = 0;
  for (const range of ranges.toSorted((a, b) => a.flashOffset - b.flashOffset)) {
    const end = range.flashOffset - (range.flashOffset % SECTOR_BYTES);
    if (end > at) gaps.push({ flashOffset: at, sizeBytes: end - at });
    const next = range.flashOffset + range.sizeBytes;
    at = Math.max(at, Math.ceil(next / SECTOR_BYTES) * SECTOR_BYTES);
  }
  if (at < flashSizeBytes) gaps.push({ flashOffset: at, sizeBytes: flashSizeBytes - at });
  return gaps;
}
