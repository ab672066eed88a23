import { type ChipName, chipByName } from '../../chips/index.ts';
import { chooseBootSlot, OTADATA_SIZE_BYTES, parseOtadata } from '../../flash-data/index.ts';
import {
  appSlots,
  isFactory,
  type PartitionEntry,
  type PartitionTable,
  shownName,
} from '../../partition-table/index.ts';
import { alignUp, type Issue } from '../../shared/index.ts';
import type { AppImage, BootloaderImage } from '../../app-image/index.ts';
import { FlashError } from '../codes.ts';
import { SECTOR_BYTES } from '../device-limits.ts';
import { type FlashRange, locatePartition } from '../locate.ts';
import type { FlashPart } from '../write.ts';
import { checkPlan } from './check-plan.ts';
import { entryAt, type FlashInput, type Piece, takeApart } from './pieces.ts';

/** A part of a plan: what, from which file, into which partition. */
export interface PlannedPart extends FlashPart {
  readonly kind: Piece['kind'];
  readonly fileName: string;
  readonly placedBy: Piece['placedBy'];
  /** Without the padding to whole sectors. */
  readonly contentBytes: number;
  readonly image: AppImage | BootloaderImage | null;
  /** The partition that it begins in, where the table has one there. */
  readonly entry: PartitionEntry | null;
}

/** What flashing is to do, before any port is opened. */
export interface FlashPlan {
  /** In the order of writing: what boots last, so that a broken write does not boot half an app. */
  readonly parts: readonly PlannedPart[];
  /** `null` where nothing says it, as with data alone. */
  readonly chip: ChipName | null;
  readonly table: PartitionTable | null;
  /** Whether the plan writes the table, or goes by one that must be on the board. */
  readonly writesTable: boolean;
  /** The app slot that is to boot afterwards; `null` where no app is written. */
  readonly boots: PartitionEntry | null;
  /** Partitions that are not touched, whatever the files say. */
  readonly kept: readonly PartitionEntry[];
  readonly eraseAll: boolean;
  readonly issues: readonly Issue[];
}

/** What a plan must respect beside its inputs. */
export interface PlanOptions {
  /** The table to go by where the inputs have none. */
  readonly table?: PartitionTable | null;
  /** Names of partitions that must stay as they are. */
  readonly keep?: readonly string[];
  readonly eraseAll?: boolean;
}

/**
 * Works out what goes where, and everything that speaks against it.
 *
 * @throws FlashError `flash/no-table` where a name is used or an app has no place without one,
 *   `flash/no-such-partition`, `flash/no-place`, `flash/wrong-place`, `flash/not-flashable`
 */
export async function planFlash(
  inputs: readonly FlashInput[],
  { table: givenTable = null, keep = [], eraseAll = false }: PlanOptions = {},
): Promise<FlashPlan> {
  const pieces = await takeApart(inputs);
  const tablePiece = pieces.find((piece) => piece.kind === 'partition-table');
  const table = tablePiece?.table ?? givenTable;
  const needsTable = pieces.some((piece) => typeof piece.at === 'string') || keep.length > 0;
  if (table === null && needsTable) throw noTable();
  const kept = table === null ? [] : keep.map((name) => locatePartition(table, name));
  const chip = chipOf(pieces);
  const parts = pieces
    .map((piece) => place(piece, table, chip))
    .flatMap((part) => without(part, kept))
    .toSorted((a, b) => rank(a) - rank(b) || a.flashOffset - b.flashOffset);
  const plan = {
    parts,
    chip,
    table,
    writesTable: tablePiece !== undefined,
    boots: table === null ? null : wantedSlot(parts, table),
    kept,
    eraseAll,
  };
  return { ...plan, issues: checkPlan(plan, pieces) };
}

function noTable(): FlashError {
  return new FlashError('flash/no-table', 'there is no partition table to find the place by', {
    hint: 'Name one: --partitions partitions.csv; or give an offset: 0x10000=app.bin.',
  });
}

function chipOf(pieces: readonly Piece[]): ChipName | null {
  for (const { image, chip } of pieces) {
    const found = image?.chip ?? chip;
    if (found !== null) return found;
  }
  return null;
}

/** Gives a piece its place and fills it up to whole sectors. */
function place(piece: Piece, table: PartitionTable | null, chip: ChipName | null): PlannedPart {
  const { kind, fileName, placedBy, bytes, image } = piece;
  const flashOffset = offsetOf(piece, table, chip);
  const entry = entryAt(table, flashOffset);
  const data = new Uint8Array(alignUp(bytes.length, SECTOR_BYTES)).fill(0xff);
  data.set(bytes);
  const isTable = kind === 'partition-table';
  const name = entry === null ? (isTable ? 'partition table' : kind) : shownName(entry);
  const contentBytes = bytes.length;
  return { kind, fileName, placedBy, name, flashOffset, data, contentBytes, image, entry };
}

function offsetOf(
  { at, kind, fileName }: Piece,
  table: PartitionTable | null,
  chip: ChipName | null,
): number {
  if (typeof at === 'number') return at;
  if (at !== null && table !== null) return locatePartition(table, at).flashOffset;
  if (kind === 'bootloader' && chip !== null) return chipByName(chip).bootloaderFlashOffset;
  if (table === null) throw noTable();
  const slot = table.entries.find(isFactory) ?? appSlots(table)[0];
  if (kind === 'app-image' && slot !== undefined) return slot.flashOffset;
  throw new FlashError('flash/no-place', `the partition table has no app slot for ${fileName}`, {
    hint: 'Give the table a factory app or OTA slots, or name an offset: 0x10000=app.bin.',
  });
}

/** Cuts kept partitions out of a part. */
function without(part: PlannedPart, kept: readonly FlashRange[]): readonly PlannedPart[] {
  let parts = [part];
  for (const keep of kept) parts = parts.flatMap((one) => cut(one, keep));
  return parts;
}

function cut(part: PlannedPart, { flashOffset, sizeBytes }: FlashRange): PlannedPart[] {
  const start = part.flashOffset;
  const end = start + part.data.length;
  const cutEnd = flashOffset + sizeBytes;
  if (cutEnd <= start || flashOffset >= end) return [part];
  const slice = (from: number, to: number): PlannedPart[] =>
    from >= to
      ? []
      : [
          {
            ...part,
            flashOffset: from,
            data: part.data.subarray(from - start, to - start),
            contentBytes: Math.max(0, Math.min(part.contentBytes - (from - start), to - from)),
          },
        ];
  return [...slice(start, flashOffset), ...slice(cutEnd, end)];
}

/** Apps and data first, then table and bootloader, and otadata at the very end. */
function rank({ kind, entry }: PlannedPart): number {
  if (entry !== null && isOtadataEntry(entry)) return 3;
  if (kind === 'bootloader') return 2;
  return kind === 'partition-table' ? 1 : 0;
}

export function isOtadataEntry({ type, subtype }: PartitionEntry): boolean {
  return type === 1 && subtype === 0;
}

/** The slot that is to boot: that of the only app, or what the plan's own otadata says of several. */
function wantedSlot(parts: readonly PlannedPart[], table: PartitionTable): PartitionEntry | null {
  const apps = parts.filter((part) => part.kind === 'app-image' && part.entry?.type === 0);
  const own = parts.find((part) => part.entry !== null && isOtadataEntry(part.entry));
  const [first] = apps;
  if (first === undefined) return null;
  if (apps.length === 1) return first.entry;
  const bytes = new Uint8Array(OTADATA_SIZE_BYTES).fill(0xff);
  if (own !== undefined) bytes.set(own.data.subarray(0, OTADATA_SIZE_BYTES));
  const { boots } = chooseBootSlot(parseOtadata(bytes), table);
  return apps.find(({ entry }) => entry === boots)?.entry ?? first.entry;
}

/** Partitions of the table that erasing everything loses, because nothing is written to them. */
export function lostPartitions({
  eraseAll,
  table,
  parts,
  kept,
}: FlashPlan): readonly PartitionEntry[] {
  if (!eraseAll || table === null) return [];
  return table.entries.filter(
    (entry) => !kept.includes(entry) && !parts.some((part) => part.entry === entry),
  );
}
