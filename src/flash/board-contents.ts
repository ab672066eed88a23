import {
  type AppDescriptor,
  type ImageHeader,
  parseAppDescriptor,
  parseImageHeader,
} from '../app-image/index.ts';
import { type ChipName, chipById } from '../chips/index.ts';
import {
  type BootChoice,
  bootableEntries,
  bootSlots,
  chooseBootSlot,
  explainBootChoice,
  type Otadata,
  OTADATA_SIZE_BYTES,
  parseOtadata,
} from '../flash-data/index.ts';
import {
  DEFAULT_TABLE_FLASH_OFFSET,
  looksLikeTable,
  type PartitionEntry,
  type PartitionTable,
  parsePartitionBinary,
  PartitionTableError,
  TABLE_MAX_BYTES,
} from '../partition-table/index.ts';
import { concatBytes } from '../shared/index.ts';
import type { FlashDevice } from './device.ts';
import { isBlank } from './diff.ts';

const IMAGE_MAGIC = 0xe9;
/** Header, first segment header, and the descriptor that the first segment starts with. */
const DESCRIPTOR_OFFSET = 32;
const HEAD_BYTES = DESCRIPTOR_OFFSET + 256;
const TABLE_ROW_BYTES = 32;
const TABLE_HEAD_BYTES = 16 * TABLE_ROW_BYTES;

/** The partition table on a board, or why there is none. */
export type BoardTable =
  | { readonly kind: 'table'; readonly table: PartitionTable }
  | { readonly kind: 'none'; readonly problem: string };

/** What lies in an app slot, as far as its first bytes say. */
export interface SlotContents {
  readonly entry: PartitionEntry;
  readonly state: 'app' | 'empty' | 'unknown';
  readonly chip: ChipName | null;
  readonly descriptor: AppDescriptor | null;
}

/** What a board would boot. */
export interface BoardContents {
  readonly table: BoardTable;
  readonly slots: readonly SlotContents[];
  readonly otadata: Otadata | null;
  readonly choice: BootChoice<PartitionEntry> | null;
  /** Why that one, as a sentence. */
  readonly why: string | null;
}

/** Reads the partition table on the board. A damaged or missing one is an answer, not an error. */
export async function readBoardTable(
  device: FlashDevice,
  tableFlashOffset = DEFAULT_TABLE_FLASH_OFFSET,
): Promise<BoardTable> {
  if (device.info.flashEncryption) return { kind: 'none', problem: 'the flash is encrypted' };
  const bytes = await readTableBytes(device, tableFlashOffset);
  if (!looksLikeTable(bytes)) {
    return {
      kind: 'none',
      problem: isBlank(bytes) ? 'there is none' : 'something else lies there',
    };
  }
  try {
    return { kind: 'table', table: parsePartitionBinary(bytes, { tableFlashOffset }) };
  } catch (error) {
    if (!(error instanceof PartitionTableError)) throw error;
    return { kind: 'none', problem: `it is damaged: ${error.message}` };
  }
}

/** Hardly any table has more rows than the first read brings, and each kilobyte takes its time. */
async function readTableBytes(device: FlashDevice, flashOffset: number): Promise<Uint8Array> {
  const head = await device.read(flashOffset, TABLE_HEAD_BYTES);
  if (!looksLikeTable(head) || hasEndMarker(head)) return head;
  const restBytes = TABLE_MAX_BYTES - TABLE_HEAD_BYTES;
  return concatBytes([head, await device.read(flashOffset + TABLE_HEAD_BYTES, restBytes)]);
}

function hasEndMarker(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += TABLE_ROW_BYTES) {
    if (isBlank(bytes.subarray(at, at + TABLE_ROW_BYTES))) return true;
  }
  return false;
}

/** Reads table, otadata and the head of each app slot: a few kilobytes. */
export async function readBoardContents(
  device: FlashDevice,
  tableFlashOffset?: number,
): Promise<BoardContents> {
  const board = await readBoardTable(device, tableFlashOffset);
  if (board.kind === 'none') {
    return { table: board, slots: [], otadata: null, choice: null, why: null };
  }
  const { table } = board;
  const found = bootSlots(table);
  const slots: SlotContents[] = [];
  for (const entry of bootableEntries(found)) slots.push(await readSlot(device, entry));
  const otadata =
    found.otadata === null
      ? null
      : parseOtadata(await device.read(found.otadata.flashOffset, OTADATA_SIZE_BYTES));
  const choice = chooseBootSlot(otadata, table);
  return { table: board, slots, otadata, choice, why: explainBootChoice(choice, otadata) };
}

async function readSlot(device: FlashDevice, entry: PartitionEntry): Promise<SlotContents> {
  const head = await device.read(entry.flashOffset, Math.min(HEAD_BYTES, entry.sizeBytes));
  if (head[0] !== IMAGE_MAGIC || head.length < HEAD_BYTES) {
    const state = isBlank(head) ? 'empty' : 'unknown';
    return { entry, state, chip: null, descriptor: null };
  }
  const chipId = chipIdOf(parseImageHeader(head));
  return {
    entry,
    state: 'app',
    chip: chipId === null ? null : (chipById(chipId)?.name ?? null),
    descriptor: parseAppDescriptor(head.subarray(DESCRIPTOR_OFFSET)),
  };
}

function chipIdOf({ extended }: ImageHeader): number | null {
  return extended?.chipId ?? null;
}
