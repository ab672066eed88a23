import {
  endOf,
  inFlashOrder,
  type PartitionEntry,
  type PartitionTable,
  TABLE_SECTOR_BYTES,
} from './model.ts';
import { SUBTYPE_PRIMARY, TYPE_BOOTLOADER, TYPE_PARTITION_TABLE } from './types.ts';

/** A stretch of flash: an entry, the table, what lies before it, or nothing. Regions leave no gap. */
export type FlashRegion = {
  readonly flashOffset: number;
  readonly sizeBytes: number;
} & (
  | { readonly kind: 'entry'; readonly entry: PartitionEntry }
  | { readonly kind: 'bootloader' }
  | { readonly kind: 'table' }
  | { readonly kind: 'free' }
);

/** The flash sizes that are made. */
export const FLASH_SIZES_BYTES = [1, 2, 4, 8, 16, 32, 64, 128].map((mb) => mb * 1024 * 1024);

/** The first byte that no entry uses. */
export function usedFlashBytes(table: PartitionTable): number {
  return table.entries.reduce(
    (end, entry) => Math.max(end, endOf(entry)),
    table.tableFlashOffset + TABLE_SECTOR_BYTES,
  );
}

/** The smallest flash that is made and holds the whole table; `null` where none does. */
export function smallestFlashBytes(table: PartitionTable): number | null {
  return FLASH_SIZES_BYTES.find((size) => size >= usedFlashBytes(table)) ?? null;
}

/**
 * The whole flash in order, from 0 to its end, with what is free between the entries. Entries that
 * overlap or reach past the end are shown where they begin.
 */
export function flashRegions(
  table: PartitionTable,
  flashSizeBytes: number,
): readonly FlashRegion[] {
  const regions: FlashRegion[] = [];
  let end = 0;
  const fillTo = (offset: number) => {
    if (offset > end) regions.push({ kind: 'free', flashOffset: end, sizeBytes: offset - end });
  };
  const add = (region: FlashRegion) => {
    fillTo(region.flashOffset);
    regions.push(region);
    end = Math.max(end, region.flashOffset + region.sizeBytes);
  };
  for (const region of [...unlisted(table), ...listed(table)].toSorted(
    (a, b) => a.flashOffset - b.flashOffset,
  )) {
    add(region);
  }
  fillTo(flashSizeBytes);
  return regions;
}

function listed(table: PartitionTable): readonly FlashRegion[] {
  return inFlashOrder(table).map((entry) => ({
    kind: 'entry',
    entry,
    flashOffset: entry.flashOffset,
    sizeBytes: entry.sizeBytes,
  }));
}

/** What is in every flash although few tables list it. */
function unlisted(table: PartitionTable): readonly FlashRegion[] {
  const lists = (type: number) =>
    table.entries.some((entry) => entry.type === type && entry.subtype === SUBTYPE_PRIMARY);
  const { tableFlashOffset } = table;
  const regions: FlashRegion[] = [];
  if (!lists(TYPE_BOOTLOADER) && tableFlashOffset > 0) {
    regions.push({ kind: 'bootloader', flashOffset: 0, sizeBytes: tableFlashOffset });
  }
  if (!lists(TYPE_PARTITION_TABLE)) {
    regions.push({
      kind: 'table',
      flashOffset: tableFlashOffset,
      sizeBytes: TABLE_SECTOR_BYTES,
    });
  }
  return regions;
}
