import { type Chip, isFlashMapped, memoryAt } from '../../chips/index.ts';
import { alignUp, concatBytes, formatHex, formatSize } from '../../shared/index.ts';
import { APP_DESCRIPTOR_MAGIC } from '../app-descriptor.ts';
import type { SegmentData } from '../build-app-image.ts';
import { AppImageError } from '../codes.ts';
import { HEADER_BYTES } from '../header.ts';
import type { ElfPiece } from './parse-elf.ts';

const SEGMENT_HEADER_BYTES = 8;
/** On the ESP32 the bootloader does not map a last page of which a segment has fewer bytes than this. */
const PAGE_TAIL_BYTES = 0x24;
const BOOTLOADER_DESCRIPTOR_SECTION = '.dram0.bootdesc';

/**
 * Pieces whose memory follows on each other are one segment; each is filled up to a multiple of 4.
 */
export function joinPieces(chip: Chip, pieces: readonly ElfPiece[]): readonly ElfPiece[] {
  const joined: { name: string; address: number; end: number; parts: Uint8Array[] }[] = [];
  for (const { name, address, data } of pieces) {
    const padded = new Uint8Array(alignUp(data.length, 4));
    padded.set(data);
    const last = joined.at(-1);
    const follows =
      last !== undefined &&
      last.end === address &&
      memoryAt(chip, last.address) === memoryAt(chip, address);
    if (follows) {
      last.parts.push(padded);
      last.end += padded.length;
    } else {
      joined.push({ name, address, end: address + padded.length, parts: [padded] });
    }
  }
  return joined.map(({ name, address, parts }) => ({ name, address, data: concatBytes(parts) }));
}

/** Whether a piece is what has to lie at offset 0x20 of the image. */
export function holdsAppDescriptor({ name, data }: ElfPiece): boolean {
  if (name.includes('.flash.appdesc')) return true;
  return (
    data.length >= 4 &&
    new DataView(data.buffer, data.byteOffset).getUint32(0, true) === APP_DESCRIPTOR_MAGIC
  );
}

/**
 * Lays out segments so that each mapped one is congruent with its page: what goes to RAM fills the
 * room before them, zeros where there is no more of it.
 *
 * @throws AppImageError `app-image/elf-same-page`
 */
export function placeSegments(
  chip: Chip,
  pieces: readonly ElfPiece[],
  pageBytes: number,
): readonly SegmentData[] {
  const sorted = pieces.toSorted((a, b) => a.address - b.address);
  const isMapped = ({ address }: ElfPiece) => isFlashMapped(chip, address);
  const mapped = toFront(sorted.filter(isMapped), holdsAppDescriptor);
  const ram = toFront(
    sorted.filter((piece) => !isMapped(piece)),
    ({ name }) => name === BOOTLOADER_DESCRIPTOR_SECTION,
  );
  assertOwnPages(mapped, pageBytes);

  const placed: SegmentData[] = [];
  let offset = HEADER_BYTES;
  const place = (loadAddress: number, data: Uint8Array) => {
    placed.push({ loadAddress, data });
    offset += SEGMENT_HEADER_BYTES + data.length;
  };
  for (const { address, data } of mapped) {
    let gap = gapBefore(offset, address, pageBytes);
    while (gap > 0) {
      const filler = ram[0];
      if (filler !== undefined && gap > SEGMENT_HEADER_BYTES) {
        place(filler.address, filler.data.subarray(0, gap));
        if (filler.data.length <= gap) ram.shift();
        else {
          const rest = filler.data.subarray(gap);
          ram[0] = { ...filler, address: filler.address + gap, data: rest };
        }
      } else {
        place(0, new Uint8Array(gap));
      }
      gap = gapBefore(offset, address, pageBytes);
    }
    const dataOffset = offset + SEGMENT_HEADER_BYTES;
    place(address, chip.name === 'esp32' ? withPageTail(dataOffset, data, pageBytes) : data);
  }
  for (const { address, data } of ram) place(address, data);
  return placed;
}

/**
 * How long a segment before the next must be, so that the data of the next is congruent; 0 for none.
 * At the very start of a page this asks for a page more than is needed, as Espressif's tool does.
 */
function gapBefore(offset: number, address: number, pageBytes: number): number {
  const misplaced = pageBytes - (offset % pageBytes) + (address % pageBytes) - SEGMENT_HEADER_BYTES;
  if (misplaced === 0 || misplaced === pageBytes) return 0;
  const room = misplaced - SEGMENT_HEADER_BYTES;
  return room > 0 ? room : room + pageBytes;
}

function withPageTail(dataOffset: number, data: Uint8Array, pageBytes: number): Uint8Array {
  const tail = (dataOffset + data.length) % pageBytes;
  if (tail >= PAGE_TAIL_BYTES) return data;
  return concatBytes([data, new Uint8Array(PAGE_TAIL_BYTES - tail)]);
}

function toFront(pieces: readonly ElfPiece[], isFirst: (piece: ElfPiece) => boolean): ElfPiece[] {
  const first = pieces.find(isFirst);
  return first === undefined ? [...pieces] : [first, ...pieces.filter((piece) => piece !== first)];
}

function assertOwnPages(mapped: readonly ElfPiece[], pageBytes: number): void {
  for (const [index, { address }] of mapped.entries()) {
    const before = mapped[index - 1];
    if (before === undefined) continue;
    if (Math.floor(address / pageBytes) !== Math.floor(before.address / pageBytes)) continue;
    throw new AppImageError(
      'app-image/elf-same-page',
      `what loads to ${formatHex(address)} lies in the same ${formatSize(pageBytes)} page of flash as what loads to ${formatHex(before.address)}`,
      {
        hint: 'Make the image from the program segments (--use segments), or let the linker script join the sections.',
      },
    );
  }
}
