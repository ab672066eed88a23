import type { ByteSource } from '../shared/index.ts';
import { type AppImageCode, AppImageError } from './codes.ts';
import { describeNotAppImage } from './describe.ts';
import type { ImageInspection } from './image.ts';

/** A part of a larger file, to be written to a file of its own. */
export interface ImagePart {
  readonly kind: 'app-image' | 'bootloader' | 'partition-table';
  /** A name for the file, unique among the parts: `app-0x10000.bin`. */
  readonly fileName: string;
  readonly fileOffset: number;
  readonly flashOffset: number;
  readonly sizeBytes: number;
}

/** A binary table is written out whole, with the room for its signature. */
const TABLE_BYTES = 0xc00;

/**
 * Says which parts a merged image or dump can be taken apart into. An app image with bytes behind its
 * end has one part: itself, without them.
 *
 * @throws AppImageError with what the file is, where it has no parts
 */
export function planSplit(inspection: ImageInspection, source: ByteSource): readonly ImagePart[] {
  if (inspection.kind === 'app-image' || inspection.kind === 'bootloader') {
    const length = inspection.signature?.endFileOffset ?? inspection.imageLengthBytes;
    return [
      {
        kind: inspection.kind,
        fileName: inspection.kind === 'app-image' ? 'app.bin' : 'bootloader.bin',
        fileOffset: 0,
        flashOffset: 0,
        sizeBytes: Math.min(length ?? source.sizeBytes, source.sizeBytes),
      },
    ];
  }
  if (inspection.kind !== 'merged-image') {
    const { code, message, hint } = describeNotAppImage(inspection);
    throw new AppImageError(code as ThrowableCode, `nothing to split: ${message}`, { hint });
  }
  const { images, baseFlashOffset, partitionTableFileOffset } = inspection;
  const parts = images.map(
    ({ kind, fileOffset, flashOffset, lengthBytes, partitionName }): ImagePart => ({
      kind,
      fileName: fileNameFor(kind, flashOffset, partitionName),
      fileOffset,
      flashOffset,
      sizeBytes: lengthBytes,
    }),
  );
  if (partitionTableFileOffset !== null) {
    parts.push({
      kind: 'partition-table',
      fileName: 'partition-table.bin',
      fileOffset: partitionTableFileOffset,
      flashOffset: partitionTableFileOffset + baseFlashOffset,
      sizeBytes: Math.min(TABLE_BYTES, source.sizeBytes - partitionTableFileOffset),
    });
  }
  return parts.sort((a, b) => a.fileOffset - b.fileOffset);
}

type ThrowableCode = ConstructorParameters<typeof AppImageError>[0] & AppImageCode;

function fileNameFor(kind: ImagePart['kind'], flashOffset: number, name: string | null): string {
  if (kind === 'bootloader') return 'bootloader.bin';
  const plain = name?.replaceAll(/[^A-Za-z0-9._-]/g, '_');
  return `app-${plain ?? `0x${flashOffset.toString(16)}`}.bin`;
}
