/**
 * Flashing boards: the serial loader, reading, comparing, writing and checking flash.
 *
 * @module
 */
export { type Backup, parseBackup, readBackup, serializeBackup } from './backup.ts';
export {
  type BoardContents,
  type BoardTable,
  readBoardContents,
  readBoardTable,
  type SlotContents,
} from './board-contents.ts';
export { type BenchPort, isNoBoardYet, waitForUnplug } from './bench.ts';
export { boardPorts, onlyBoardPort } from './choose-port.ts';
export { FLASH_CODES, type FlashCode, FlashError } from './codes.ts';
export { type DeviceInfo, type DeviceOptions, FlashDevice, openDevice } from './device.ts';
export { SECTOR_BYTES } from './device-limits.ts';
export { type CheckedPlan, checkPlanOnBoard, executePlan } from './execute.ts';
export { findDifferences } from './diff.ts';
export { FLASHABLE_CHIPS } from './loader/chip-facts.ts';
export type { DeflatedRange } from './loader/flash-commands.ts';
export { type FlashRange, locatePartition } from './locate.ts';
export type { ChipIdentity } from './loader/registers.ts';
export * from './monitor/index.ts';
export { type FlashInput } from './plan/pieces.ts';
export {
  type FlashPlan,
  lostPartitions,
  planFlash,
  type PlannedPart,
  type PlanOptions,
} from './plan/plan.ts';
export type { OnProgress, Progress } from './progress.ts';
export {
  compressAhead,
  Compressor,
  type FlashPart,
  type PartReport,
  verifyParts,
  type WriteOptions,
  writeParts,
} from './write.ts';
