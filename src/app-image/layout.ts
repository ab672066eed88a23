import { type Chip, chipById, chipByName, memoryAt } from '../chips/index.ts';
import { alignUp, ByteReader, type ByteSource, formatHex, readUpTo } from '../shared/index.ts';
import type { AppImageIssue } from './codes.ts';
import { HEADER_BYTES, headerLength, type ImageHeader, parseImageHeader } from './header.ts';
import { MAX_SEGMENTS } from './header.ts';
import type { Segment } from './image.ts';

const SEGMENT_HEADER_BYTES = 8;
const SEGMENT_LIMIT_BYTES = 16 * 1024 * 1024;
/** Segments that load below this are skipped by the bootloader: padding between mapped ones. */
const PADDING_LIMIT = 0x10000000;
/** Length of the SHA-256 that may follow the checksum. */
export const HASH_BYTES = 32;

/** Where everything lies in an image, as its headers declare it. */
export interface ImageLayout {
  readonly header: ImageHeader;
  readonly chip: Chip | null;
  readonly segments: readonly Segment[];
  /** Offset of the checksum byte; `null` where the segment headers cannot be followed to their end. */
  readonly checksumFileOffset: number | null;
  readonly imageLengthBytes: number | null;
  readonly hashAppended: boolean;
  /** Why the headers cannot be followed, or do not fit the file; empty for a sound layout. */
  readonly faults: readonly AppImageIssue[];
}

/** Follows the headers of an image. `null` where the file does not even hold the first header. */
export async function readLayout(source: ByteSource): Promise<ImageLayout | null> {
  const head = await readUpTo(source, 0, HEADER_BYTES);
  if (head.length < HEADER_BYTES) return null;
  const header = parseImageHeader(head);
  const { extended } = header;
  const chip = extended === null ? chipByName('esp8266') : chipById(extended.chipId);
  const faults = headerFaults(header, chip);
  const { segments, end, fault } = await followSegments(source, header, chip);
  if (fault !== null) faults.push(fault);

  const hashAppended = extended !== null && extended.hashAppended === 1;
  const checksumFileOffset = end === null ? null : alignUp(end + 1, 16) - 1;
  const imageLengthBytes =
    checksumFileOffset === null ? null : checksumFileOffset + 1 + (hashAppended ? HASH_BYTES : 0);
  if (imageLengthBytes !== null && imageLengthBytes > source.sizeBytes) {
    faults.push(truncated(imageLengthBytes, source.sizeBytes));
  }
  return { header, chip, segments, checksumFileOffset, imageLengthBytes, hashAppended, faults };
}

function headerFaults({ segmentCount, extended }: ImageHeader, chip: Chip | null): AppImageIssue[] {
  const faults: AppImageIssue[] = [];
  if (segmentCount === 0 || segmentCount > MAX_SEGMENTS) {
    faults.push({
      code: 'app-image/segment-count',
      severity: 'error',
      message: `the header declares ${segmentCount} segments, where 1 to ${MAX_SEGMENTS} are possible`,
      hint: 'The header is damaged. Build or copy the image again.',
      location: { kind: 'binary', fileOffset: 1 },
    });
  }
  if (chip === null && extended !== null) {
    faults.push({
      code: 'app-image/unknown-chip',
      severity: 'error',
      message: `chip id ${formatHex(extended.chipId)} belongs to no known chip`,
      hint: 'Build the image for a chip that exists, or update otakit if the chip is newer than it.',
      location: { kind: 'binary', fileOffset: 12 },
    });
  }
  if (extended !== null && extended.hashAppended > 1) {
    faults.push({
      code: 'app-image/bad-hash-flag',
      severity: 'error',
      message: `the hash flag is ${extended.hashAppended}, where only 0 and 1 are possible`,
      hint: 'The header is damaged. Build or copy the image again.',
      location: { kind: 'binary', fileOffset: 23 },
    });
  }
  return faults;
}

interface FollowedSegments {
  readonly segments: readonly Segment[];
  /** Where the last segment ends; `null` where that is unknown. */
  readonly end: number | null;
  readonly fault: AppImageIssue | null;
}

async function followSegments(
  source: ByteSource,
  header: ImageHeader,
  chip: Chip | null,
): Promise<FollowedSegments> {
  const segments: Segment[] = [];
  let offset = headerLength(header);
  for (let index = 0; index < Math.min(header.segmentCount, MAX_SEGMENTS); index++) {
    const fileOffset = offset + SEGMENT_HEADER_BYTES;
    if (fileOffset > source.sizeBytes) {
      const fault = truncatedHeader(index, header.segmentCount, offset, source.sizeBytes);
      return { segments, end: null, fault };
    }
    const reader = new ByteReader(await source.read(offset, SEGMENT_HEADER_BYTES), offset);
    const loadAddress = reader.u32('load address');
    const lengthBytes = reader.u32('segment length');
    segments.push({
      index,
      loadAddress,
      lengthBytes,
      fileOffset,
      memory: memoryKind(chip, loadAddress),
    });
    // The bootloader wants multiples of 4 everywhere; the ESP8266's ROM does not care.
    const misaligned = lengthBytes % 4 !== 0 && header.extended !== null;
    if (misaligned || lengthBytes >= SEGMENT_LIMIT_BYTES) {
      return { segments, end: null, fault: badLength(index, lengthBytes, offset + 4) };
    }
    offset = fileOffset + lengthBytes;
  }
  return { segments, end: offset, fault: null };
}

function memoryKind(chip: Chip | null, loadAddress: number): Segment['memory'] {
  if (chip === null) return null;
  if (loadAddress < PADDING_LIMIT && chip.name !== 'esp8266') return 'PADDING';
  return memoryAt(chip, loadAddress)?.kind ?? null;
}

function truncated(need: number, have: number): AppImageIssue {
  return {
    code: 'app-image/truncated',
    severity: 'error',
    message: `the image declares ${need} bytes, but the file ends after ${have}: ${need - have} are missing`,
    hint: 'The build or the copy was cut short. Build or copy the image again.',
    location: { kind: 'binary', fileOffset: have },
  };
}

function truncatedHeader(index: number, count: number, at: number, have: number): AppImageIssue {
  return {
    code: 'app-image/truncated',
    severity: 'error',
    message: `the header of segment ${index} of ${count} lies at ${formatHex(at)}, but the file ends after ${have} bytes`,
    hint: 'The build or the copy was cut short. Build or copy the image again.',
    location: { kind: 'binary', fileOffset: have },
  };
}

function badLength(index: number, lengthBytes: number, fileOffset: number): AppImageIssue {
  return {
    code: 'app-image/segment-length',
    severity: 'error',
    message: `segment ${index} declares ${lengthBytes} bytes, where lengths are multiples of 4 below 16 MB`,
    hint: 'The image is damaged. Build or copy it again.',
    location: { kind: 'binary', fileOffset },
  };
}
