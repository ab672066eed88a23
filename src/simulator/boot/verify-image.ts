import { type Chip, isFlashMapped, memoryAt } from '../../chips/index.ts';
import type { BootPartition } from '../../flash-data/index.ts';
import { alignUp, bytesEqual, sha256 } from '../../shared/index.ts';
import type { BootFlash } from './boot-flash.ts';

/** The chip as an image has to fit it. */
export interface ChipUnderTest {
  readonly chip: Chip;
  /** `major * 100 + minor`; `null` where no image is refused for its revision. */
  readonly revision: number | null;
}

/** One segment of an image that was found good. */
export interface VerifiedSegment {
  readonly index: number;
  /** Where its data starts in flash. */
  readonly flashOffset: number;
  readonly loadAddress: number;
  readonly lengthBytes: number;
  readonly placement: 'map' | 'load' | '';
}

/** What the device's own verification says of the image in a slot. */
export type ImageVerdict =
  | {
      readonly kind: 'good';
      readonly imageLengthBytes: number;
      readonly segments: readonly VerifiedSegment[];
      /** Whether some segment is code in mapped flash; without one the bootloader aborts. */
      readonly hasMappedCode: boolean;
    }
  | {
      readonly kind: 'bad';
      /** The part of ESP-IDF that logs it, and its words. */
      readonly target: 'esp_image' | 'boot_comm';
      readonly message: string;
    };

const MAGIC = 0xe9;
const HEADER_BYTES = 24;
const SEGMENT_HEADER_BYTES = 8;
const MAX_SEGMENTS = 16;
const SEGMENT_LIMIT_BYTES = 16 * 1024 * 1024;
const DESCRIPTOR_BYTES = 256;
const DESCRIPTOR_MAGIC = 0xabcd5432;
const DESCRIPTOR_PAGE_SIZE_OFFSET = 180;
const CHECKSUM_SEED = 0xef;
const HASH_BYTES = 32;
/** Addresses below are padding, which nothing loads. */
const FIRST_LOADABLE_ADDRESS = 0x10000000;

/** The image that is being looked at. */
interface Candidate {
  readonly slot: BootPartition;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly chip: Chip;
}

/** What the segments come to. */
interface WalkedSegments {
  readonly segments: readonly VerifiedSegment[];
  /** Where they end, from the start of the image. */
  readonly end: number;
  readonly checksum: number;
}

/** What the device logs of an image that it refuses. */
class BadImage extends Error {
  readonly target: 'esp_image' | 'boot_comm';

  constructor(message: string, target: 'esp_image' | 'boot_comm' = 'esp_image') {
    super(message);
    this.target = target;
  }
}

/**
 * Checks the image in a slot as ESP-IDF's `esp_image_verify` does, in its order and in its words.
 * It is written apart from the host's own check, so that the two can disagree.
 */
export async function verifyImage(
  flash: Pick<BootFlash, 'read'>,
  slot: BootPartition,
  { chip, revision }: ChipUnderTest,
): Promise<ImageVerdict> {
  const bytes = flash.read(slot.flashOffset, slot.sizeBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const image: Candidate = { slot, bytes, view, chip };
  try {
    const segmentCount = checkHeader(image, revision);
    const walked = walkSegments(image, segmentCount);
    if (chip.mmuPageSizesBytes.length > 1 && descriptorMagic(view) !== DESCRIPTOR_MAGIC) {
      throw new BadImage(`image at ${hex(slot.flashOffset)} has no app descriptor`);
    }
    const imageLengthBytes = await checkEnd(image, walked);
    const { segments } = walked;
    return {
      kind: 'good',
      imageLengthBytes,
      segments,
      hasMappedCode: hasMappedCode(image, segments),
    };
  } catch (error) {
    if (!(error instanceof BadImage)) throw error;
    return { kind: 'bad', target: error.target, message: error.message };
  }
}

/** The header; answers with how many segments follow. */
function checkHeader({ slot, bytes, view, chip }: Candidate, revision: number | null): number {
  if (bytes.length < HEADER_BYTES || view.getUint8(0) !== MAGIC) {
    throw new BadImage(
      `image at ${hex(slot.flashOffset)} has invalid magic byte (nothing flashed here?)`,
    );
  }
  const chipId = view.getUint16(12, true);
  if (chipId !== chip.imageChipId) {
    const ids = `expected ${chip.imageChipId}, found ${chipId}`;
    throw new BadImage(`mismatch chip ID, ${ids}`, 'boot_comm');
  }
  const revisionFault = checkRevision(view, revision);
  if (revisionFault !== null) throw new BadImage(revisionFault, 'boot_comm');
  const segmentCount = view.getUint8(1);
  if (segmentCount > MAX_SEGMENTS) {
    throw new BadImage(
      `image at ${hex(slot.flashOffset)} segment count ${segmentCount} exceeds max ${MAX_SEGMENTS}`,
    );
  }
  return segmentCount;
}

function walkSegments(image: Candidate, segmentCount: number): WalkedSegments {
  const segments: VerifiedSegment[] = [];
  let end = HEADER_BYTES;
  let checksum = CHECKSUM_SEED;
  for (let index = 0; index < segmentCount; index += 1) {
    const segment = readSegment(image, index, end);
    const dataOffset = end + SEGMENT_HEADER_BYTES;
    end = dataOffset + segment.lengthBytes;
    for (const byte of image.bytes.subarray(dataOffset, end)) checksum ^= byte;
    segments.push(segment);
  }
  return { segments, end, checksum };
}

/** @param offset where its header lies, from the start of the image */
function readSegment(image: Candidate, index: number, offset: number): VerifiedSegment {
  const { slot, bytes, view, chip } = image;
  const dataOffset = offset + SEGMENT_HEADER_BYTES;
  if (dataOffset > bytes.length) throw tooLong(image, offset);
  const loadAddress = view.getUint32(offset, true);
  const lengthBytes = view.getUint32(offset + 4, true);
  const tooShort = index === 0 && lengthBytes < DESCRIPTOR_BYTES;
  if (lengthBytes % 4 !== 0 || lengthBytes >= SEGMENT_LIMIT_BYTES || tooShort) {
    throw new BadImage(`invalid segment length ${hex(lengthBytes)}`);
  }
  if (dataOffset + lengthBytes > bytes.length) throw tooLong(image, dataOffset + lengthBytes);
  const mapped = isFlashMapped(chip, loadAddress);
  const flashOffset = slot.flashOffset + dataOffset;
  const pageBytes = mmuPageBytes(view, chip);
  if (mapped && flashOffset % pageBytes !== loadAddress % pageBytes) {
    throw new BadImage(
      `Segment ${index} load address ${hex(loadAddress, 8)}, doesn't match data ${hex(flashOffset, 8)}`,
    );
  }
  const loaded = loadAddress >= FIRST_LOADABLE_ADDRESS;
  const placement = mapped ? 'map' : loaded ? 'load' : '';
  return { index, flashOffset, loadAddress, lengthBytes, placement };
}

/** Checksum and appended hash; answers with the length of the whole image. */
async function checkEnd(image: Candidate, { end, checksum }: WalkedSegments): Promise<number> {
  const { bytes, view } = image;
  const checksumOffset = alignUp(end + 1, 16) - 1;
  const hashAppended = view.getUint8(23) === 1;
  const imageLengthBytes = checksumOffset + 1 + (hashAppended ? HASH_BYTES : 0);
  if (imageLengthBytes > bytes.length) throw tooLong(image, imageLengthBytes);
  const stored = view.getUint8(checksumOffset);
  if (stored !== checksum) {
    throw new BadImage(`Checksum failed. Calculated ${hex(checksum)} read ${hex(stored)}`);
  }
  if (hashAppended) {
    const computed = await sha256(bytes.slice(0, checksumOffset + 1));
    const appended = bytes.subarray(checksumOffset + 1, imageLengthBytes);
    if (!bytesEqual(computed, appended)) throw new BadImage('Image hash failed - image is corrupt');
  }
  return imageLengthBytes;
}

function hasMappedCode({ chip }: Candidate, segments: readonly VerifiedSegment[]): boolean {
  return segments.some(({ loadAddress }) => {
    const kind = memoryAt(chip, loadAddress)?.kind;
    return kind === 'IROM' || kind === 'FLASH';
  });
}

function tooLong({ slot }: Candidate, length: number): BadImage {
  return new BadImage(`Image length ${length} doesn't fit in partition length ${slot.sizeBytes}`);
}

function checkRevision(header: DataView, revision: number | null): string | null {
  if (revision === null) return null;
  const least = header.getUint16(15, true);
  const most = header.getUint16(17, true);
  if (revision < least) {
    return `Image requires chip rev >= ${version(least)}, but chip is ${version(revision)}`;
  }
  if (most !== 0 && most !== 0xffff && revision > most) {
    return `Image requires chip rev <= ${version(most)}, but chip is ${version(revision)}`;
  }
  return null;
}

function descriptorMagic(image: DataView): number | null {
  const offset = HEADER_BYTES + SEGMENT_HEADER_BYTES;
  return image.byteLength < offset + 4 ? null : image.getUint32(offset, true);
}

/** The image's own page size where the chip lets it choose one. */
function mmuPageBytes(image: DataView, chip: Chip): number {
  const [fallback = 0x10000, ...others] = chip.mmuPageSizesBytes;
  const offset = HEADER_BYTES + SEGMENT_HEADER_BYTES + DESCRIPTOR_PAGE_SIZE_OFFSET;
  if (others.length === 0 || image.byteLength <= offset) return fallback;
  const chosen = 2 ** image.getUint8(offset);
  return chip.mmuPageSizesBytes.includes(chosen) ? chosen : fallback;
}

function version(revision: number): string {
  return `v${Math.floor(revision / 100)}.${revision % 100}`;
}

function hex(value: number, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
