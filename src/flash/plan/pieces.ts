import {
  type AppImage,
  type BootloaderImage,
  type ImageInspection,
  inspectImage,
  type MergedImage,
  parseIntelHex,
  parseUf2,
} from '../../app-image/index.ts';
import type { ChipName } from '../../chips/index.ts';
import {
  type PartitionEntry,
  type PartitionTable,
  parsePartitionBinary,
  parsePartitionTable,
  serializePartitionBinary,
  TABLE_MAX_BYTES,
} from '../../partition-table/index.ts';
import { formatHex, memorySource } from '../../shared/index.ts';
import { FlashError } from '../codes.ts';
import { SECTOR_BYTES } from '../device-limits.ts';

/** A file that is to be flashed, and where the user wants it. */
export interface FlashInput {
  readonly fileName: string;
  readonly bytes: Uint8Array;
  /** A flash offset, the name of a partition or slot, or `null` where the file itself says it. */
  readonly at: number | string | null;
  /** Whether it goes where `at` says as it is, whatever it looks like. */
  readonly isData?: true;
}

/** One thing out of an input. */
export interface Piece {
  readonly kind: 'app-image' | 'bootloader' | 'partition-table' | 'data';
  readonly fileName: string;
  readonly bytes: Uint8Array;
  /** `null` where it goes to its usual place. */
  readonly at: number | string | null;
  readonly image: AppImage | BootloaderImage | null;
  readonly table: PartitionTable | null;
  /** Whether the user said where just this goes, by name or by offset; else the file said it. */
  readonly placedBy: 'name' | 'offset' | 'file';
  /** What a UF2 file says that it is for, beside its images. */
  readonly chip: ChipName | null;
}

/**
 * Takes the inputs apart into what they hold. Merged images lose the gaps between their parts, which
 * are 0xFF and would wipe whatever lies there on the board (NVS, otadata).
 *
 * @throws FlashError `flash/no-place`, `flash/not-flashable`, `flash/wrong-place` where a file that
 *   says itself where it goes is to go elsewhere; AppImageError, PartitionTableError
 */
export async function takeApart(inputs: readonly FlashInput[]): Promise<readonly Piece[]> {
  const pieces: Piece[] = [];
  for (const input of inputs) pieces.push(...(await piecesOf(input)));
  return pieces;
}

async function piecesOf(input: FlashInput): Promise<readonly Piece[]> {
  const { fileName, bytes, at } = input;
  if (input.isData) return [plain(input)];
  if (/\.csv$/i.test(fileName)) {
    const table = parsePartitionTable(bytes);
    return [tablePiece(input, table, serializePartitionBinary(table))];
  }
  const inspection = await inspectImage(memorySource(bytes));
  switch (inspection.kind) {
    case 'app-image':
    case 'bootloader':
      return [{ ...plain(input), kind: inspection.kind, image: inspection }];
    case 'partition-table':
      return [tablePiece(input, parsePartitionBinary(bytes.subarray(0, TABLE_MAX_BYTES)), bytes)];
    case 'merged-image':
      assertItsOwnPlace(input, 'a merged image', inspection.baseFlashOffset);
      return mergedPieces(input, inspection);
    case 'intel-hex':
      assertItsOwnPlace(input, 'an Intel HEX file', null);
      return rangePieces(input, parseIntelHex(new TextDecoder('latin1').decode(bytes)), null);
    case 'uf2': {
      assertItsOwnPlace(input, 'a UF2 file', null);
      const { ranges, chip } = parseUf2(bytes);
      return rangePieces(input, ranges, chip?.name ?? null);
    }
    case 'empty-flash':
    case 'encrypted':
    case 'unknown':
      if (at !== null && bytes.length > 0) return [plain(input)];
      throw noPlace(fileName, inspection.kind);
    case 'elf':
    case 'gzip':
    case 'html':
      throw notFlashable(fileName, inspection);
  }
}

function plain({ fileName, bytes, at }: FlashInput): Piece {
  const placedBy = at === null ? 'file' : typeof at === 'string' ? 'name' : 'offset';
  return { kind: 'data', fileName, bytes, at, placedBy, image: null, table: null, chip: null };
}

/** What covers the flash from `base` on cannot go into one partition of it. */
function assertItsOwnPlace({ fileName, at }: FlashInput, what: string, base: number | null): void {
  if (at === null || at === base) return;
  const wanted = typeof at === 'number' ? formatHex(at) : at;
  const own = base === null ? 'where it says itself' : `from ${formatHex(base)} on`;
  throw new FlashError(
    'flash/wrong-place',
    `${fileName} is ${what}: it goes into flash ${own}, and not to ${wanted}`,
    {
      hint: `Leave the place out to flash all of it; for its app alone: otakit image split ${fileName}.`,
      details: { fileName, at },
    },
  );
}

function tablePiece(input: FlashInput, table: PartitionTable, bytes: Uint8Array): Piece {
  const at = input.at ?? table.tableFlashOffset;
  return { ...plain({ ...input, bytes, at }), kind: 'partition-table', table };
}

/** Ranges with a place of their own; each is looked at by itself. */
async function rangePieces(
  { fileName }: FlashInput,
  ranges: readonly { readonly flashOffset: number; readonly bytes: Uint8Array }[],
  chip: ChipName | null,
): Promise<readonly Piece[]> {
  const pieces: Piece[] = [];
  for (const { flashOffset, bytes } of ranges) {
    const start = flashOffset - (flashOffset % SECTOR_BYTES);
    const padded = new Uint8Array(flashOffset - start + bytes.length).fill(0xff);
    padded.set(bytes, flashOffset - start);
    const input = { fileName, bytes: padded, at: start };
    const { kind } = await inspectImage(memorySource(padded));
    const known = kind === 'app-image' || kind === 'bootloader' || kind === 'partition-table';
    const found = known ? await piecesOf(input) : [plain(input)];
    pieces.push(...found.map((piece): Piece => ({ ...piece, placedBy: 'file', chip })));
  }
  return pieces;
}

async function mergedPieces(
  { fileName, bytes }: FlashInput,
  merged: MergedImage,
): Promise<readonly Piece[]> {
  const base = merged.baseFlashOffset;
  const taken = new Uint8Array(Math.ceil(bytes.length / SECTOR_BYTES));
  const pieces: Piece[] = [];
  const take = (start: number, length: number) => {
    taken.fill(1, start / SECTOR_BYTES, Math.ceil((start + length) / SECTOR_BYTES));
    return { fileName, bytes: bytes.subarray(start, start + length), at: start + base };
  };
  for (const { fileOffset, lengthBytes } of merged.images) {
    pieces.push(...(await piecesOf(take(fileOffset, lengthBytes))));
  }
  const { partitionTable, partitionTableFileOffset } = merged;
  if (partitionTableFileOffset !== null) {
    const input = take(partitionTableFileOffset, TABLE_MAX_BYTES);
    // Damaged ones are parsed again, for the error that says what is wrong.
    pieces.push(
      tablePiece(input, partitionTable ?? parsePartitionBinary(input.bytes), input.bytes),
    );
  }
  const boundaries = new Set(
    (partitionTable?.entries ?? []).map((entry) => entry.flashOffset - base),
  );
  for (const run of dataRuns(bytes, taken, boundaries)) {
    pieces.push(plain(take(run.start, run.end - run.start)));
  }
  return pieces
    .map((piece): Piece => ({ ...piece, placedBy: 'file' }))
    .toSorted((a, b) => Number(a.at) - Number(b.at));
}

/** What lies outside of images and table and is not blank, cut where partitions begin. */
function dataRuns(
  bytes: Uint8Array,
  taken: Uint8Array,
  boundaries: ReadonlySet<number>,
): readonly { readonly start: number; readonly end: number }[] {
  const runs: { start: number; end: number }[] = [];
  for (const [index, isTaken] of taken.entries()) {
    const start = index * SECTOR_BYTES;
    const sector = bytes.subarray(start, start + SECTOR_BYTES);
    if (isTaken === 1 || sector.every((byte) => byte === 0xff)) continue;
    const end = start + sector.length;
    const last = runs.at(-1);
    if (last?.end === start && !boundaries.has(start)) last.end = end;
    else runs.push({ start, end });
  }
  return runs;
}

/** The partition that a flash offset lies in. */
export function entryAt(table: PartitionTable | null, flashOffset: number): PartitionEntry | null {
  return (
    table?.entries.find(
      (entry) =>
        flashOffset >= entry.flashOffset && flashOffset < entry.flashOffset + entry.sizeBytes,
    ) ?? null
  );
}

function noPlace(fileName: string, kind: ImageInspection['kind']): FlashError {
  const what = kind === 'empty-flash' ? 'blank' : 'nothing that has a place of its own in flash';
  return new FlashError('flash/no-place', `${fileName} is ${what}`, {
    hint: `Say where it goes: nvs=${fileName}, or 0x9000=${fileName}.`,
    details: { fileName, kind },
  });
}

function notFlashable(fileName: string, { kind }: ImageInspection): FlashError {
  const words: Partial<Record<ImageInspection['kind'], readonly [string, string]>> = {
    elf: ['an ELF program', `Make an image of it: otakit image from-elf ${fileName}.`],
    gzip: ['compressed with gzip', 'Unpack it with gunzip.'],
    html: ['a web page', 'A download probably saved a log-in or error page.'],
  };
  const [what, hint] = words[kind] ?? ['no image', 'Give a .bin, .hex or .uf2 file.'];
  return new FlashError('flash/not-flashable', `${fileName} is ${what}`, {
    hint,
    details: { fileName, kind },
  });
}
