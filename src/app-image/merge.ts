import { type Chip, chipByName } from '../chips/index.ts';
import { endOf, inFlashOrder, type PartitionTable } from '../partition-table/index.ts';
import { formatCount, formatHex, memorySource } from '../shared/index.ts';
import { AppImageError, type AppImageIssue } from './codes.ts';
import { type FlashRange, rangeEnd } from './flash-file/range.ts';
import type { ImageInspection } from './image.ts';
import { inspectImage } from './inspect-image.ts';

const SECTOR_BYTES = 4096;

/** One file of a merge, at its place in flash. */
export interface MergePart extends FlashRange {
  /** For messages: the file's name, or the partition's. */
  readonly name: string;
}

/** What a merge is checked against. */
export interface MergeCheckOptions {
  /** The chip that it is for; `null` takes the one of the first image among the parts. */
  readonly chip: Chip | null;
  readonly table: PartitionTable | null;
  /** Whether the gaps between parts are written too, as a raw merge does. */
  readonly fillsGaps: boolean;
}

/** What a merge is to become, and what is wrong with it. */
export interface MergeCheck {
  readonly chip: Chip | null;
  readonly issues: readonly AppImageIssue[];
}

/** Checks the parts of a merge: their places, their chips, and what writing it would overwrite. */
export async function checkMerge(
  parts: readonly MergePart[],
  options: MergeCheckOptions,
): Promise<MergeCheck> {
  const inspected = await Promise.all(
    parts.map(async (part) => ({ part, image: await inspectImage(memorySource(part.bytes)) })),
  );
  const chip = options.chip ?? firstChip(inspected.map(({ image }) => image));
  const issues = [
    ...checkOverlaps(parts),
    ...inspected.flatMap(({ part, image }) => checkPart(part, image, chip)),
    ...(options.table === null ? [] : checkPartitions(parts, options.table)),
    ...(options.table === null || !options.fillsGaps ? [] : checkGaps(parts, options.table)),
  ];
  return { chip, issues };
}

function firstChip(images: readonly ImageInspection[]): Chip | null {
  for (const image of images) {
    if ((image.kind === 'app-image' || image.kind === 'bootloader') && image.chip !== null) {
      return chipByName(image.chip);
    }
  }
  return null;
}

function checkOverlaps(parts: readonly MergePart[]): AppImageIssue[] {
  const issues: AppImageIssue[] = [];
  const sorted = parts.toSorted((a, b) => a.flashOffset - b.flashOffset);
  for (const [index, part] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before === undefined) continue;
    const end = rangeEnd(before);
    const shared = part.flashOffset < end ? 'bytes' : 'a 4 KB sector';
    // Flash is erased by sectors: whoever writes the second part erases the end of the first.
    const sectorEnd = Math.ceil(end / SECTOR_BYTES) * SECTOR_BYTES;
    if (part.flashOffset >= sectorEnd) continue;
    issues.push({
      code: 'app-image/merge-overlap',
      severity: 'error',
      message: `${part.name} at ${formatHex(part.flashOffset)} shares ${shared} with ${before.name}, which ends at ${formatHex(end)}`,
      hint: 'Give the parts offsets in sectors of their own.',
    });
  }
  return issues;
}

function checkPart(part: MergePart, image: ImageInspection, chip: Chip | null): AppImageIssue[] {
  if (image.kind !== 'app-image' && image.kind !== 'bootloader') return [];
  const issues: AppImageIssue[] = [];
  if (chip !== null && image.chip !== null && image.chip !== chip.name) {
    issues.push({
      code: 'app-image/chip-mismatch',
      severity: 'error',
      message: `${part.name} is for the ${chipByName(image.chip).title}, the merge is for the ${chip.title}`,
      hint: 'Take all parts from one build.',
    });
  } else if (
    chip !== null &&
    image.kind === 'bootloader' &&
    part.flashOffset !== chip.bootloaderFlashOffset
  ) {
    issues.push({
      code: 'app-image/merge-bootloader-offset',
      severity: 'error',
      message: `the bootloader ${part.name} lies at ${formatHex(part.flashOffset)}; the ${chip.title} starts it from ${formatHex(chip.bootloaderFlashOffset)}`,
      hint: `Put it at ${formatHex(chip.bootloaderFlashOffset)}.`,
    });
  }
  const fault = image.issues.find((issue) => issue.severity === 'error');
  if (fault !== undefined) {
    issues.push({ ...fault, message: `${part.name}: ${fault.message}` });
  }
  return issues;
}

/** Every part that begins in a partition has to end in it, and apps have to begin at its start. */
function checkPartitions(parts: readonly MergePart[], table: PartitionTable): AppImageIssue[] {
  const issues: AppImageIssue[] = [];
  for (const part of parts) {
    const entry = table.entries.find(
      (one) => part.flashOffset >= one.flashOffset && part.flashOffset < endOf(one),
    );
    if (entry === undefined || rangeEnd(part) <= endOf(entry)) continue;
    const over = rangeEnd(part) - endOf(entry);
    issues.push({
      code: 'app-image/merge-outside-partition',
      severity: 'error',
      message: `${part.name} ends ${formatCount(over)} bytes behind the end of ${entry.name} at ${formatHex(endOf(entry))}`,
      hint: 'Make the part smaller or its partition larger, or check the offset.',
    });
  }
  return issues;
}

const TYPE_DATA = 1;

/** The largest flash that an image header can name. */
const LARGEST_FLASH_BYTES = 128 * 1024 * 1024;

/** A raw merge is one piece from its first byte to its last: what lies between is overwritten. */
function checkGaps(parts: readonly MergePart[], table: PartitionTable): AppImageIssue[] {
  const end = parts.reduce((last, part) => Math.max(last, rangeEnd(part)), 0);
  const wiped = inFlashOrder(table).filter(
    (entry) =>
      entry.type === TYPE_DATA &&
      entry.flashOffset < end &&
      !parts.some((part) => part.flashOffset < endOf(entry) && rangeEnd(part) > entry.flashOffset),
  );
  if (wiped.length === 0) return [];
  const names = wiped.map(({ name }) => name).join(', ');
  return [
    {
      code: 'app-image/merge-wipes-data',
      severity: 'warning',
      message: `flashing this raw file overwrites ${names} with 0xFF: settings stored there are lost`,
      hint: 'Write --format hex (or uf2), which leaves the gaps between the parts alone.',
    },
  ];
}

/** Where a raw merge begins and how long it is to be. */
export interface MergeRawOptions {
  /** The flash offset of its first byte; 0 by default. */
  readonly startFlashOffset?: number;
  /** The whole is filled up with 0xFF to end there in flash. */
  readonly padToFlashOffset?: number;
}

/**
 * Puts parts into one file, with 0xFF between them: the same bytes as `esptool merge-bin`.
 *
 * @throws AppImageError `app-image/merge-range` where a part lies before the start or behind the end
 */
export function mergeRaw(
  parts: readonly FlashRange[],
  { startFlashOffset = 0, padToFlashOffset }: MergeRawOptions = {},
): Uint8Array<ArrayBuffer> {
  const end = parts.reduce((last, part) => Math.max(last, rangeEnd(part)), startFlashOffset);
  const first = parts.find((part) => part.flashOffset < startFlashOffset);
  if (first !== undefined) {
    throw new AppImageError(
      'app-image/merge-range',
      `a part at ${formatHex(first.flashOffset)} lies before the start of the file at ${formatHex(startFlashOffset)}`,
      { hint: 'Give a --target-offset that is not behind the first part.' },
    );
  }
  if (padToFlashOffset !== undefined && end > padToFlashOffset) {
    throw new AppImageError(
      'app-image/merge-range',
      `the parts end at ${formatHex(end)}, behind the size of ${formatHex(padToFlashOffset)} to pad to`,
      { hint: 'Give a larger --pad-to-size, or smaller parts.' },
    );
  }
  const wholeEnd = padToFlashOffset ?? end;
  if (wholeEnd > LARGEST_FLASH_BYTES) {
    throw new AppImageError(
      'app-image/merge-range',
      `the file would reach to ${formatHex(wholeEnd)}, and no flash is larger than ${formatHex(LARGEST_FLASH_BYTES)}`,
      { hint: 'Check the offsets: they count from the start of the flash.' },
    );
  }
  const merged = new Uint8Array(wholeEnd - startFlashOffset).fill(0xff);
  for (const { flashOffset, bytes } of parts) merged.set(bytes, flashOffset - startFlashOffset);
  return merged;
}
