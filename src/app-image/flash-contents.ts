import { type ChipName, memoryAt } from '../chips/index.ts';
import { alignUp, type ByteSource, readUpTo, sliceSource } from '../shared/index.ts';
import { IMAGE_MAGIC } from './header.ts';
import type { AppImage, BootloaderImage } from './image.ts';
import { type ImageLayout, readLayout } from './layout.ts';
import { readRole } from './read-image.ts';

/** Everything that is flashed starts at a multiple of this. */
const SECTOR_BYTES = 4096;
const WINDOW_BYTES = 64 * SECTOR_BYTES;
/** The largest flash that an image header can name. */
export const SCAN_LIMIT_BYTES = 128 * 1024 * 1024;
const TABLE_ROW_BYTES = 32;

/** An image that starts at a sector of a larger file. */
export interface FoundImage {
  readonly fileOffset: number;
  readonly lengthBytes: number;
  readonly complete: boolean;
  readonly chip: ChipName | null;
  readonly kind: AppImage['kind'] | BootloaderImage['kind'];
  readonly appDescriptor: AppImage['appDescriptor'];
}

/** What lies in a file that holds several things. */
export interface FlashContents {
  readonly partitionTableFileOffset: number | null;
  readonly images: readonly FoundImage[];
}

/**
 * Looks at every sector from `startOffset` for images and for the first partition table. Reads in
 * windows, so that a dump of 128 MB costs no more memory than a small one.
 */
export async function findFlashContents(
  source: ByteSource,
  startOffset = 0,
): Promise<FlashContents> {
  const images: FoundImage[] = [];
  let partitionTableFileOffset: number | null = null;
  const end = Math.min(source.sizeBytes, SCAN_LIMIT_BYTES);
  let next = alignUp(startOffset, SECTOR_BYTES);
  while (next < end) {
    const windowStart = next;
    const window = await readUpTo(source, windowStart, WINDOW_BYTES);
    next = windowStart + WINDOW_BYTES;
    for (let at = 0; at < window.length; at += SECTOR_BYTES) {
      const fileOffset = windowStart + at;
      if (partitionTableFileOffset === null && startsPartitionTable(window.subarray(at))) {
        partitionTableFileOffset = fileOffset;
      }
      if (window[at] !== IMAGE_MAGIC) continue;
      const image = await imageAt(source, fileOffset);
      if (image === null) continue;
      images.push(image);
      next = alignUp(fileOffset + image.lengthBytes, SECTOR_BYTES);
      break;
    }
  }
  return { partitionTableFileOffset, images };
}

/** The image that starts at `fileOffset`, or `null` where the bytes there are none. */
async function imageAt(source: ByteSource, fileOffset: number): Promise<FoundImage | null> {
  const rest = sliceSource(source, fileOffset, source.sizeBytes - fileOffset);
  const layout = await readLayout(rest);
  if (layout === null || !isPlausible(layout)) return null;
  const { kind, appDescriptor } = await readRole(rest, layout);
  const complete = layout.faults.length === 0;
  // A descriptor proves an image that is cut short; without one it may be chance.
  if (!complete && appDescriptor === null) return null;
  return {
    fileOffset,
    lengthBytes: Math.min(layout.imageLengthBytes ?? rest.sizeBytes, rest.sizeBytes),
    complete,
    chip: layout.chip?.name ?? null,
    kind,
    appDescriptor,
  };
}

/** One magic byte is met by chance in every 256th sector; a known chip and a real entry point are not. */
function isPlausible({ chip, header, segments, faults }: ImageLayout): boolean {
  if (chip === null || segments.length === 0) return false;
  if (memoryAt(chip, header.entryPoint) === null) return false;
  return faults.every(({ code }) => code === 'app-image/truncated');
}

/** Whether a binary partition table starts here: two rows, or one and its end marker. */
export function startsPartitionTable(bytes: Uint8Array): boolean {
  if (bytes.length < 2 * TABLE_ROW_BYTES || bytes[0] !== 0xaa || bytes[1] !== 0x50) return false;
  const [first, second] = [bytes[TABLE_ROW_BYTES], bytes[TABLE_ROW_BYTES + 1]];
  return (
    (first === 0xaa && second === 0x50) ||
    (first === 0xeb && second === 0xeb) ||
    (first === 0xff && second === 0xff)
  );
}
