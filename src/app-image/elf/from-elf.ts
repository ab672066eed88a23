import { type Chip, chipByName, type ChipName, isFlashMapped } from '../../chips/index.ts';
import { sha256 } from '../../shared/index.ts';
import { ELF_SHA256_OFFSET, parseAppDescriptor } from '../app-descriptor.ts';
import { buildAppImage, type SegmentData } from '../build-app-image.ts';
import { AppImageError } from '../codes.ts';
import { HEADER_BYTES } from '../header.ts';
import { type Elf, type ElfPiece, parseElf } from './parse-elf.ts';
import { holdsAppDescriptor, joinPieces, placeSegments } from './place-segments.ts';

/** How an image is to be made from an ELF file. Defaults are those of `esptool elf2image`. */
export interface FromElfOptions {
  readonly chip: ChipName;
  /** Index into {@link SPI_MODES}; QIO by default. */
  readonly spiMode?: number;
  /** Nibbles of header byte 3; both 0 by default. */
  readonly flashFrequency?: number;
  readonly flashSize?: number;
  /** Major × 100 + minor; 0 by default. */
  readonly minChipRevision?: number;
  /** Major × 100 + minor; 65535 (no limit) by default. */
  readonly maxChipRevision?: number;
  readonly minChipRevisionLegacy?: number;
  /** Whether a SHA-256 of the image is appended; `true` by default. */
  readonly appendHash?: boolean;
  /**
   * Which pieces of the ELF become segments: its sections, its program segments, or (the default)
   * the sections unless two of them share a page, as esp-hal programs have it.
   */
  readonly use?: 'auto' | 'sections' | 'segments';
  /** By default what the app descriptor says, then the largest that its address allows, then 64 KB. */
  readonly mmuPageSizeBytes?: number;
  /**
   * Where in the image the SHA-256 of the ELF file goes. By default into the app descriptor, where
   * that has room for it (all zeros).
   */
  readonly elfSha256FileOffset?: number;
}

/** An image, and what it was made from. */
export interface ImageFromElf {
  readonly image: Uint8Array<ArrayBuffer>;
  readonly used: 'sections' | 'segments';
  readonly elfSha256: Uint8Array;
}

/**
 * Makes an app image (or bootloader) from an ELF file: the same bytes as `esptool elf2image`.
 *
 * @throws AppImageError `app-image/bad-elf`, `app-image/elf-chip`, `app-image/elf-same-page`,
 * `app-image/elf-sha256-taken`, `app-image/segment-count`
 */
export async function imageFromElf(
  bytes: Uint8Array,
  options: FromElfOptions,
): Promise<ImageFromElf> {
  const chip = chipByName(options.chip);
  const elf = parseElf(bytes);
  assertMachine(elf, chip);
  const { segments, used } = layOut(elf, chip, options);
  const elfSha256 = await sha256(bytes);
  const patched = withElfSha256(segments, elfSha256, chip, options.elfSha256FileOffset);
  const image = await buildAppImage({
    chip: options.chip,
    entryPoint: elf.entryPoint,
    segments: patched,
    spiMode: options.spiMode ?? 0,
    flashFrequency: options.flashFrequency ?? 0,
    flashSize: options.flashSize ?? 0,
    appendHash: options.appendHash ?? true,
    extended: {
      minChipRevisionLegacy: options.minChipRevisionLegacy ?? 0,
      minChipRevision: options.minChipRevision ?? 0,
      maxChipRevision: options.maxChipRevision ?? 0xffff,
    },
  });
  return { image, used, elfSha256 };
}

const XTENSA = new Set<ChipName>(['esp8266', 'esp32', 'esp32s2', 'esp32s3']);

function assertMachine({ machine }: Elf, chip: Chip): void {
  if (chip.name === 'esp8266') {
    throw new AppImageError('app-image/elf-chip', 'images for the ESP8266 are not made from ELF', {
      hint: 'Make it with esptool elf2image; otakit reads and merges what that writes.',
    });
  }
  const wanted = XTENSA.has(chip.name) ? 'xtensa' : 'riscv';
  if (machine === wanted) return;
  throw new AppImageError(
    'app-image/elf-chip',
    `the program is for ${machine === 'xtensa' ? 'Xtensa' : 'RISC-V'}, the ${chip.title} is ${wanted === 'xtensa' ? 'Xtensa' : 'RISC-V'}`,
    { hint: 'Give the chip that it was built for as --chip.' },
  );
}

interface Laid {
  readonly segments: readonly SegmentData[];
  readonly used: ImageFromElf['used'];
}

function layOut(elf: Elf, chip: Chip, options: FromElfOptions): Laid {
  const { use = 'auto' } = options;
  const lay = (used: ImageFromElf['used']): Laid => {
    const pieces = elf[used];
    if (pieces.length === 0) {
      throw new AppImageError('app-image/bad-elf', `the file has no ${used} to load`, {
        hint: 'Give the .elf file that the build made for the app.',
      });
    }
    const pageBytes = options.mmuPageSizeBytes ?? pageSizeOf(pieces, chip);
    return { segments: placeSegments(chip, joinPieces(chip, pieces), pageBytes), used };
  };
  if (use !== 'auto') return lay(use);
  try {
    return lay('sections');
  } catch (thrown) {
    const mayHelp = thrown instanceof AppImageError && thrown.code === 'app-image/elf-same-page';
    if (!mayHelp || elf.segments.length === 0) throw thrown;
    return lay('segments');
  }
}

function pageSizeOf(pieces: readonly ElfPiece[], chip: Chip): number {
  const sizes = chip.mmuPageSizesBytes;
  const standard = sizes[0] ?? 0x10000;
  const piece = pieces.find((one) => isFlashMapped(chip, one.address) && holdsAppDescriptor(one));
  if (piece === undefined || sizes.length === 1) return standard;
  const declared = parseAppDescriptor(piece.data)?.mmuPageSizeBytes ?? null;
  if (declared !== null) return declared;
  const start = piece.address - HEADER_BYTES - 8;
  return sizes.toSorted((a, b) => b - a).find((size) => start % size === 0) ?? standard;
}

/** Puts the ELF's digest where the descriptor has room for it, or where it was asked for. */
function withElfSha256(
  segments: readonly SegmentData[],
  digest: Uint8Array,
  chip: Chip,
  fileOffset: number | undefined,
): readonly SegmentData[] {
  const first = segments[0];
  const hasDescriptor =
    first !== undefined &&
    isFlashMapped(chip, first.loadAddress) &&
    parseAppDescriptor(first.data) !== null;
  if (fileOffset === undefined && !hasDescriptor) return segments;
  const target = fileOffset ?? HEADER_BYTES + 8 + ELF_SHA256_OFFSET;
  let dataOffset = HEADER_BYTES + 8;
  return segments.map((segment) => {
    const at = target - dataOffset;
    dataOffset += segment.data.length + 8;
    if (at < 0 || at + digest.length > segment.data.length) return segment;
    const isFree = segment.data.subarray(at, at + digest.length).every((byte) => byte === 0);
    if (!isFree) {
      if (fileOffset === undefined) return segment;
      throw new AppImageError(
        'app-image/elf-sha256-taken',
        `the 32 bytes at 0x${target.toString(16)} are not zero`,
        { hint: 'Give an offset with room for the digest; the app descriptor has it at 0xb0.' },
      );
    }
    const data = segment.data.slice();
    data.set(digest, at);
    return { ...segment, data };
  });
}
