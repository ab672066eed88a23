/**
 * Watching a board: lines, log levels, crashes decoded, resets explained.
 *
 * @module
 */
export { type DecodedAddress, describeAddress } from './decode-addresses.ts';
export {
  describeNote,
  type MonitorEvent,
  type MonitorLine,
  type MonitorNote,
  type MonitorPartial,
  type Note,
} from './events.ts';
export { type LineFilter, parseLineFilter } from './filter.ts';
export type { ElfUnderTest } from './interpreter.ts';
export { LOG_LEVELS, type LogLevel } from './log-level.ts';
export { Monitor, type MonitorOptions } from './monitor.ts';
export type { BootFault } from './boot-fault.ts';
export type { ResetLoop } from './reset-loop.ts';
export type { ResetReason } from './reset-reason.ts';
