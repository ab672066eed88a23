import { slotName } from '../flash-data/index.ts';
import {
  appSlots,
  findEntryByName,
  type PartitionEntry,
  type PartitionTable,
  shownName,
} from '../partition-table/index.ts';
import { FlashError } from './codes.ts';

/** A range of flash. */
export interface FlashRange {
  readonly flashOffset: number;
  readonly sizeBytes: number;
}

/**
 * The entry with this name, or, where none has it, the app slot that is called so (`factory`, `ota_1`).
 *
 * @throws FlashError `flash/no-such-partition`
 */
export function locatePartition(table: PartitionTable, name: string): PartitionEntry {
  const entry =
    findEntryByName(table, name) ?? appSlots(table).find((slot) => slotName(slot) === name);
  if (entry !== undefined) return entry;
  const names = table.entries.map(shownName);
  throw new FlashError('flash/no-such-partition', `the partition table has no "${name}"`, {
    hint: `Choose one of ${names.join(', ')}, or give an offset such as 0x10000.`,
    details: { name, names },
  });
}
