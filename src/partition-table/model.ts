import { printable } from '../shared/index.ts';
import type { CsvDocument } from './csv-document.ts';

/** Where the table itself lies unless a project says otherwise (CONFIG_PARTITION_TABLE_OFFSET). */
export const DEFAULT_TABLE_FLASH_OFFSET = 0x8000;
/** The flash sector that the table occupies; the first free byte lies after it. */
export const TABLE_SECTOR_BYTES = 0x1000;
/** What of that sector is rows; the rest is for a signature. */
export const TABLE_MAX_BYTES = 0xc00;
export const ROW_BYTES = 32;
/** What flash erases at once. */
export const FLASH_SECTOR_BYTES = 0x1000;
/** How many bytes of a name a device keeps. */
export const NAME_BYTES = 16;
/** Both otadata entries (of the app and of the TEE) are two flash sectors, never more or less. */
export const OTADATA_BYTES = 0x2000;
/** The smallest NVS that can be written: one page in use, one free, one to move between. */
export const NVS_WRITABLE_MIN_BYTES = 0x3000;

/** The columns of a CSV row that mean something, in order. */
export type CsvColumn = 'name' | 'type' | 'subtype' | 'offset' | 'size' | 'flags';

/** Where an entry was read from: a line of a CSV (with the column of each field), or a binary row. */
export type EntryLocation =
  | {
      readonly kind: 'text';
      readonly line: number;
      readonly columns: Readonly<Record<CsvColumn, number>>;
    }
  | { readonly kind: 'binary'; readonly fileOffset: number };

/** One row of a partition table, with its place in flash worked out. */
export interface PartitionEntry {
  readonly name: string;
  /** 0 app, 1 data, 2 bootloader, 3 partition_table, 0x40–0xFE custom. */
  readonly type: number;
  readonly subtype: number;
  /** From the start of the flash. */
  readonly flashOffset: number;
  readonly sizeBytes: number;
  readonly encrypted: boolean;
  readonly readonly: boolean;
  /** Flag bits beyond encrypted (0) and readonly (1), kept as they were; absent where there are none. */
  readonly unknownFlags?: number;
  /** The 16 bytes of the name where `name` alone would not give them back (not UTF-8, bytes after NUL). */
  readonly rawName?: Uint8Array;
  readonly location?: EntryLocation;
}

/** A parsed partition table. */
export interface PartitionTable {
  /** In the order of the file, which need not be the order in flash. */
  readonly entries: readonly PartitionEntry[];
  /** Where the table itself lies in flash. */
  readonly tableFlashOffset: number;
  /** What it was read from; `csv` too for tables that are made up in code. */
  readonly source: 'csv' | 'binary';
  /** Whether a binary table carries an MD5 row (a wrong one is an error); `null` for a CSV. */
  readonly hasMd5: boolean | null;
  /** The text with its comments and layout, where the table came from a CSV. */
  readonly document: CsvDocument | null;
}

/** The first byte of flash after an entry. */
export function endOf(entry: PartitionEntry): number {
  return entry.flashOffset + entry.sizeBytes;
}

/** The entries by their place in flash. */
export function inFlashOrder(table: PartitionTable): readonly PartitionEntry[] {
  return table.entries.toSorted((a, b) => a.flashOffset - b.flashOffset);
}

/** The name of an entry, safe for a terminal. */
export function shownName(entry: Pick<PartitionEntry, 'name'>): string {
  return entry.name === '' ? '(no name)' : printable(entry.name);
}
