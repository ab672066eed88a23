import { chipByName, type ChipName } from '../chips/index.ts';
import {
  DEFAULT_TABLE_FLASH_OFFSET,
  parsePartitionBinary,
  PartitionTableError,
  TABLE_MAX_BYTES,
} from '../partition-table/index.ts';
import { type ByteSource, formatHex, readUpTo } from '../shared/index.ts';
import type { AppImageIssue } from './codes.ts';
import { guessFromStart, isErased, looksEncrypted } from './detect.ts';
import { findFlashContents, type FlashContents, SCAN_LIMIT_BYTES } from './flash-contents.ts';
import { HEADER_BYTES } from './header.ts';
import type { EmbeddedImage, ImageInspection, MergedImage, OtherFile } from './image.ts';
import { readLayout } from './layout.ts';
import { readImage } from './read-image.ts';

const HEAD_BYTES = 64 * 1024;

/**
 * Says what a file is and, for images, everything about it. Never throws: whatever is wrong is in
 * `issues`, and a source that cannot be read is `unknown`.
 *
 * @param source a file of any kind and size; of a dump only what is needed is read
 */
export async function inspectImage(source: ByteSource): Promise<ImageInspection> {
  try {
    return await inspect(source);
  } catch (cause) {
    return other('unknown', source, [
      {
        code: 'app-image/unreadable',
        severity: 'error',
        message: `the file could not be read: ${cause instanceof Error ? cause.message : String(cause)}`,
        hint: 'Check that nothing is writing to the file, and try again.',
      },
    ]);
  }
}

async function inspect(source: ByteSource): Promise<ImageInspection> {
  const head = await readUpTo(source, 0, HEAD_BYTES);
  const guess = guessFromStart(head);
  if (guess === 'image') return inspectFromMagic(source);
  if (guess !== 'flash') return other(guess, source);

  const merged = await asMerged(source, await findFlashContents(source));
  if (merged !== null) return merged;
  if (head.every((byte) => byte === 0xff)) {
    // What lies behind the largest flash is not looked at: a HEX file can name any address.
    const tooLarge = source.sizeBytes > SCAN_LIMIT_BYTES;
    return other(!tooLarge && (await isErased(source)) ? 'empty-flash' : 'unknown', source);
  }
  return other(looksEncrypted(head) ? 'encrypted' : 'unknown', source);
}

/** For files that begin with the magic byte of an image. */
async function inspectFromMagic(source: ByteSource): Promise<ImageInspection> {
  const layout = await readLayout(source);
  if (layout === null) {
    return other('unknown', source, [
      {
        code: 'app-image/truncated',
        severity: 'error',
        message: `the file ends after ${source.sizeBytes} bytes, within the ${HEADER_BYTES}-byte header of an image`,
        hint: 'The build or the copy was cut short. Build or copy the image again.',
        location: { kind: 'binary', fileOffset: source.sizeBytes },
      },
    ]);
  }
  const { imageLengthBytes, faults } = layout;
  if (imageLengthBytes === null || imageLengthBytes < source.sizeBytes) {
    const contents = await findFlashContents(source);
    const others = contents.images.filter((image) => image.fileOffset > 0);
    if (contents.partitionTableFileOffset !== null || others.length > 0) {
      const merged = await asMerged(source, contents);
      if (merged !== null) return merged;
    }
  }
  // Ciphertext begins with the magic byte by chance once in 256 files.
  if (faults.length > 0 && layout.chip === null) {
    const head = await readUpTo(source, 0, HEAD_BYTES);
    if (looksEncrypted(head)) return other('encrypted', source);
  }
  return readImage(source, layout);
}

async function asMerged(source: ByteSource, contents: FlashContents): Promise<MergedImage | null> {
  const { images, partitionTableFileOffset } = contents;
  if (images.length === 0 && partitionTableFileOffset === null) return null;
  const chip = images.find((image) => image.chip !== null)?.chip ?? null;
  const baseFlashOffset = baseOf(contents, chip);
  const { partitionTable, issues } = await readTable(source, contents, baseFlashOffset);
  const nameAt = (flashOffset: number) =>
    partitionTable?.entries.find((entry) => entry.flashOffset === flashOffset)?.name ?? null;
  return {
    kind: 'merged-image',
    sizeBytes: source.sizeBytes,
    chip,
    baseFlashOffset,
    partitionTableFileOffset,
    partitionTable,
    images: images.map((image): EmbeddedImage => {
      const flashOffset = image.fileOffset + baseFlashOffset;
      return { ...image, flashOffset, partitionName: nameAt(flashOffset) };
    }),
    issues,
  };
}

/** The table of a merged image; one that is damaged is an issue, and the images are still listed. */
async function readTable(
  source: ByteSource,
  { partitionTableFileOffset: fileOffset }: FlashContents,
  baseFlashOffset: number,
): Promise<Pick<MergedImage, 'partitionTable' | 'issues'>> {
  if (fileOffset === null) return { partitionTable: null, issues: [] };
  const bytes = await readUpTo(source, fileOffset, TABLE_MAX_BYTES);
  try {
    const tableFlashOffset = fileOffset + baseFlashOffset;
    const partitionTable = parsePartitionBinary(bytes, { tableFlashOffset, fileOffset });
    return { partitionTable, issues: [] };
  } catch (thrown) {
    if (!(thrown instanceof PartitionTableError)) throw thrown;
    return {
      partitionTable: null,
      issues: [
        {
          code: 'app-image/damaged-table',
          severity: 'error',
          message: `the partition table at ${formatHex(fileOffset)} is damaged: ${thrown.message}`,
          hint: thrown.hint ?? 'Flash the partition table again.',
          location: { kind: 'binary', fileOffset },
        },
      ],
    };
  }
}

/**
 * Merged files can leave out the gap before the bootloader. The bootloader's place is fixed by the
 * chip, so that its offset in the file tells where in flash the file begins.
 */
function baseOf(
  { images, partitionTableFileOffset }: FlashContents,
  chip: ChipName | null,
): number {
  const bootloader = images.find((image) => image.kind === 'bootloader');
  if (bootloader !== undefined && chip !== null) {
    const base = chipByName(chip).bootloaderFlashOffset - bootloader.fileOffset;
    return Math.max(0, base);
  }
  if (partitionTableFileOffset !== null && partitionTableFileOffset < DEFAULT_TABLE_FLASH_OFFSET) {
    return DEFAULT_TABLE_FLASH_OFFSET - partitionTableFileOffset;
  }
  return 0;
}

function other(
  kind: OtherFile['kind'],
  { sizeBytes }: ByteSource,
  issues: readonly AppImageIssue[] = [],
): OtherFile {
  return { kind, sizeBytes, issues };
}
