import type { PartitionEntry, PartitionTable } from './model.ts';
import {
  SUBTYPE_DATA_OTA,
  SUBTYPE_FACTORY,
  SUBTYPE_OTA_0,
  SUBTYPE_OTA_15,
  TYPE_APP,
  TYPE_DATA,
} from './types.ts';

/** The number of an app slot: 0 for `ota_0`; `null` for all that is none. */
export function otaSlotNumber(entry: PartitionEntry): number | null {
  const { type, subtype } = entry;
  return type === TYPE_APP && subtype >= SUBTYPE_OTA_0 && subtype <= SUBTYPE_OTA_15
    ? subtype - SUBTYPE_OTA_0
    : null;
}

/** Whether an entry is the factory app. */
export function isFactory({ type, subtype }: PartitionEntry): boolean {
  return type === TYPE_APP && subtype === SUBTYPE_FACTORY;
}

/** Whether an entry is otadata, which says what slot boots. */
export function isOtadata({ type, subtype }: PartitionEntry): boolean {
  return type === TYPE_DATA && subtype === SUBTYPE_DATA_OTA;
}

/** The slots that updates go into, `ota_0` to `ota_15`, by number. */
export function otaSlots(table: PartitionTable): readonly PartitionEntry[] {
  return table.entries
    .filter((entry) => otaSlotNumber(entry) !== null)
    .toSorted((a, b) => a.subtype - b.subtype);
}

/** All that an app image can boot from: factory, then `ota_0` to `ota_15`. */
export function appSlots(table: PartitionTable): readonly PartitionEntry[] {
  return [...table.entries.filter(isFactory), ...otaSlots(table)];
}

/** The entry of this name, or `null`. */
export function findEntryByName(table: PartitionTable, name: string): PartitionEntry | null {
  return table.entries.find((entry) => entry.name === name) ?? null;
}

/** The otadata entry, or `null`. */
export function findOtadata(table: PartitionTable): PartitionEntry | null {
  return table.entries.find(isOtadata) ?? null;
}

/** The first entry of this type and subtype, or `null`. */
export function findEntryByType(
  table: PartitionTable,
  type: number,
  subtype: number,
): PartitionEntry | null {
  return table.entries.find((entry) => entry.type === type && entry.subtype === subtype) ?? null;
}
