import { type AppImage, inspectImage, type MergedImage } from '../../app-image/index.ts';
import { inspectNvs, inspectOtadata, slotName } from '../../flash-data/index.ts';
import {
  type PartitionEntry,
  type PartitionTable,
  subtypeName,
  typeName,
} from '../../partition-table/index.ts';
import { alignUp, type ByteSource, formatCount, sliceSource } from '../../shared/index.ts';

const SECTOR_BYTES = 4096;
/** More than any NVS partition that makes sense; what is larger is not read whole for a summary. */
const NVS_LIMIT_BYTES = 4 * 1024 * 1024;

/** What lies in one partition of a flash. */
export interface PartitionContents {
  readonly name: string;
  readonly type: string;
  readonly subtype: string;
  readonly flashOffset: number;
  readonly sizeBytes: number;
  readonly contents:
    | 'app-image'
    | 'bootloader'
    | 'otadata'
    | 'nvs'
    | 'erased'
    | 'encrypted'
    | 'data'
    | 'not-in-file';
  /** One line for people. */
  readonly summary: string;
  /** Whether an image, otadata or NVS is sound; `null` for what cannot be told. */
  readonly sound: boolean | null;
}

/** Looks into every partition that the table of a merged image or dump names. */
export async function describePartitions(
  source: ByteSource,
  merged: MergedImage,
): Promise<readonly PartitionContents[]> {
  const { partitionTable } = merged;
  if (partitionTable === null) return [];
  return Promise.all(
    partitionTable.entries.map(async (entry) => ({
      name: entry.name,
      type: typeName(entry.type),
      subtype: subtypeName(entry.type, entry.subtype),
      flashOffset: entry.flashOffset,
      sizeBytes: entry.sizeBytes,
      ...(await look(source, merged, partitionTable, entry)),
    })),
  );
}

type Found = Pick<PartitionContents, 'contents' | 'summary' | 'sound'>;

async function look(
  source: ByteSource,
  merged: MergedImage,
  table: PartitionTable,
  entry: PartitionEntry,
): Promise<Found> {
  const fileOffset = entry.flashOffset - merged.baseFlashOffset;
  const sizeBytes = Math.min(entry.sizeBytes, source.sizeBytes - fileOffset);
  if (fileOffset < 0 || sizeBytes <= 0) {
    return { contents: 'not-in-file', summary: 'the file ends before it', sound: null };
  }
  const contents = sliceSource(source, fileOffset, sizeBytes);
  const image = merged.images.find((one) => one.flashOffset === entry.flashOffset);
  if (image !== undefined) {
    // Room for a signature; what an earlier, longer image left behind it is not looked at.
    const length = Math.min(alignUp(image.lengthBytes, SECTOR_BYTES) + SECTOR_BYTES, sizeBytes);
    return lookAtImage(sliceSource(source, fileOffset, length));
  }
  if (typeName(entry.type) === 'data') {
    const subtype = subtypeName(entry.type, entry.subtype);
    if (subtype === 'ota') return lookAtOtadata(contents, table);
    if (subtype === 'nvs' && sizeBytes <= NVS_LIMIT_BYTES) return lookAtNvs(contents);
  }
  const { kind } = await inspectImage(contents);
  if (kind === 'empty-flash') return { contents: 'erased', summary: 'erased', sound: null };
  if (kind === 'encrypted') {
    return { contents: 'encrypted', summary: 'encrypted, or compressed', sound: null };
  }
  return { contents: 'data', summary: 'data', sound: null };
}

async function lookAtImage(source: ByteSource): Promise<Found> {
  const image = await inspectImage(source);
  if (image.kind === 'bootloader') {
    return { contents: 'bootloader', summary: 'bootloader', sound: image.checksum.valid };
  }
  if (image.kind !== 'app-image') return { contents: 'data', summary: 'data', sound: null };
  const faults = image.issues.filter(
    ({ code, severity }) => severity === 'error' && code !== 'app-image/trailing-bytes',
  );
  const state = faults[0] === undefined ? '' : `, DAMAGED: ${faults[0].message}`;
  return {
    contents: 'app-image',
    summary: `${describeApp(image)}${state}`,
    sound: faults.length === 0,
  };
}

function describeApp({ appDescriptor, imageLengthBytes, sizeBytes }: AppImage): string {
  const name = appDescriptor?.projectName ?? 'app';
  const version = appDescriptor?.version ?? '(no version)';
  return `${name} ${version}, ${formatCount(imageLengthBytes ?? sizeBytes)} bytes`;
}

async function lookAtOtadata(source: ByteSource, table: PartitionTable): Promise<Found> {
  const found = inspectOtadata(await source.read(0, source.sizeBytes), table);
  if (found.kind === 'unreadable') {
    return { contents: 'otadata', summary: found.issues[0]?.message ?? 'unreadable', sound: false };
  }
  const { boots } = found.choice;
  const slot = boots === null ? 'nothing' : slotName(boots);
  return {
    contents: 'otadata',
    summary: `boots ${slot}: ${found.why}`,
    sound: !found.issues.some(({ severity }) => severity === 'error'),
  };
}

async function lookAtNvs(source: ByteSource): Promise<Found> {
  const found = inspectNvs(await source.read(0, source.sizeBytes));
  if (found.kind === 'unreadable') {
    return { contents: 'nvs', summary: found.issues[0]?.message ?? 'unreadable', sound: false };
  }
  if (found.kind === 'blank') return { contents: 'erased', summary: 'erased', sound: null };
  const { writtenEntries, freeEntries } = found.usage;
  const faults = found.issues.filter(({ severity }) => severity === 'error').length;
  return {
    contents: 'nvs',
    summary: `NVS, ${writtenEntries} entries written, ${freeEntries} free${faults === 0 ? '' : `, ${faults} faults`}`,
    sound: faults === 0,
  };
}
