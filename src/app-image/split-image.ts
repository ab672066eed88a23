import type { PartitionEntry } from '../partition-table/index.ts';
import { type ByteSource, sliceSource } from '../shared/index.ts';
import { AppImageError } from './codes.ts';
import { describeNotAppImage } from './describe.ts';
import { isErased } from './detect.ts';
import { expandFlashFile } from './flash-file/expand.ts';
import type { ImageInspection, MergedImage } from './image.ts';
import { inspectImage } from './inspect-image.ts';

/** A part of a larger file, to be written to a file of its own. */
export interface ImagePart {
  /** `data` is a partition with something in it that is no image. */
  readonly kind: 'app-image' | 'bootloader' | 'partition-table' | 'data';
  /** A name for the file, unique among the parts: `app-ota_0.bin`. */
  readonly fileName: string;
  /** Where it starts in `SplitPlan.source`. */
  readonly fileOffset: number;
  readonly flashOffset: number;
  readonly sizeBytes: number;
}

/** The parts of a file, and the source to read them from. */
export interface SplitPlan {
  /** The file itself, or what an Intel HEX or UF2 file expands to. */
  readonly source: ByteSource;
  readonly parts: readonly ImagePart[];
}

/** A binary table is written out whole, with the room for its signature. */
const TABLE_BYTES = 0xc00;
const TYPE_APP = 0;

/**
 * Says which parts a merged image, flash dump, Intel HEX or UF2 file can be taken apart into. An app
 * image with bytes behind its end has one part: itself, without them.
 *
 * @throws AppImageError with what the file is, where it has no parts
 */
export async function planSplit(file: ByteSource): Promise<SplitPlan> {
  let source = file;
  let inspection = await inspectImage(source);
  if (inspection.kind === 'intel-hex' || inspection.kind === 'uf2') {
    source = await expandFlashFile(file, inspection.kind);
    inspection = await inspectImage(source);
  }
  return { source, parts: await partsOf(inspection, source) };
}

async function partsOf(
  inspection: ImageInspection,
  source: ByteSource,
): Promise<readonly ImagePart[]> {
  if (inspection.kind === 'app-image' || inspection.kind === 'bootloader') {
    const { kind, signature, imageLengthBytes } = inspection;
    const length = signature?.endFileOffset ?? imageLengthBytes ?? source.sizeBytes;
    const fileName = kind === 'app-image' ? 'app.bin' : 'bootloader.bin';
    const sizeBytes = Math.min(length, source.sizeBytes);
    return [{ kind, fileName, fileOffset: 0, flashOffset: 0, sizeBytes }];
  }
  if (inspection.kind !== 'merged-image') {
    const { message, hint } = describeNotAppImage(inspection);
    throw new AppImageError(`app-image/${inspection.kind}`, `nothing to split: ${message}`, {
      hint,
    });
  }
  const { baseFlashOffset, partitionTableFileOffset: tableAt } = inspection;
  const parts: ImagePart[] = inspection.images.map((image) => ({
    kind: image.kind,
    fileName: imageFileName(image),
    fileOffset: image.fileOffset,
    flashOffset: image.flashOffset,
    sizeBytes: image.lengthBytes,
  }));
  if (tableAt !== null) {
    parts.push({
      kind: 'partition-table',
      fileName: 'partition-table.bin',
      fileOffset: tableAt,
      flashOffset: tableAt + baseFlashOffset,
      sizeBytes: Math.min(TABLE_BYTES, source.sizeBytes - tableAt),
    });
  }
  parts.push(...(await dataParts(inspection, source)));
  return withUniqueNames(parts.sort((a, b) => a.fileOffset - b.fileOffset));
}

/** The partitions without an image in which something is stored. */
async function dataParts(
  { partitionTable, baseFlashOffset, images }: MergedImage,
  source: ByteSource,
): Promise<readonly ImagePart[]> {
  const parts: ImagePart[] = [];
  for (const entry of partitionTable?.entries ?? []) {
    const fileOffset = entry.flashOffset - baseFlashOffset;
    const sizeBytes = Math.min(entry.sizeBytes, source.sizeBytes - fileOffset);
    const hasImage = images.some((image) => image.flashOffset === entry.flashOffset);
    if (fileOffset < 0 || sizeBytes <= 0 || hasImage || entry.type === TYPE_APP) continue;
    if (await isErased(sliceSource(source, fileOffset, sizeBytes))) continue;
    parts.push({
      kind: 'data',
      fileName: `${fileSafe(entry.name)}.bin`,
      fileOffset,
      flashOffset: entry.flashOffset,
      sizeBytes,
    });
  }
  return parts;
}

function imageFileName(image: MergedImage['images'][number]): string {
  if (image.kind === 'bootloader') return 'bootloader.bin';
  const { partitionName, flashOffset } = image;
  const place = partitionName === null ? `0x${flashOffset.toString(16)}` : fileSafe(partitionName);
  return `app-${place}.bin`;
}

function fileSafe(name: PartitionEntry['name']): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, '_') || 'unnamed';
}

function withUniqueNames(parts: readonly ImagePart[]): readonly ImagePart[] {
  const names = new Set<string>();
  return parts.map((part) => {
    const fileName = names.has(part.fileName)
      ? part.fileName.replace(/\.bin$/, `-0x${part.flashOffset.toString(16)}.bin`)
      : part.fileName;
    names.add(fileName);
    return { ...part, fileName };
  });
}
