import { chipByName, type ChipName } from '../chips/index.ts';
import { alignUp, concatBytes, sha256 } from '../shared/index.ts';
import { CHECKSUM_SEED, xorChecksum } from './checksum.ts';
import { AppImageError } from './codes.ts';
import {
  type ExtendedHeader,
  headerLength,
  type ImageHeader,
  MAX_SEGMENTS,
  serializeImageHeader,
} from './header.ts';

/** One segment to put into an image, in the order in which it is to lie there. */
export interface SegmentData {
  readonly loadAddress: number;
  /** Padded with zero bytes to a multiple of 4. */
  readonly data: Uint8Array;
}

/** What an image is to be like. Defaults are those of `esptool elf2image`. */
export interface BuildImageOptions {
  readonly chip: ChipName;
  readonly entryPoint: number;
  readonly segments: readonly SegmentData[];
  /** Index into {@link SPI_MODES}; QIO by default. */
  readonly spiMode?: number;
  readonly flashFrequency?: number;
  readonly flashSize?: number;
  /** Fields of the header after the first 8 bytes, where they are not to be the default ones. */
  readonly extended?: Partial<ExtendedHeader>;
  /** Appends a SHA-256; `true` by default for every chip but the ESP8266, which knows none. */
  readonly appendHash?: boolean;
}

/**
 * Puts an image together from its segments as they are: header, segments, checksum, hash.
 *
 * @throws AppImageError `app-image/segment-count`
 */
export async function buildAppImage(options: BuildImageOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { segments } = options;
  if (segments.length === 0 || segments.length > MAX_SEGMENTS) {
    throw new AppImageError(
      'app-image/segment-count',
      `an image has 1 to ${MAX_SEGMENTS} segments, not ${segments.length}`,
      { hint: 'Join segments that follow each other in memory.' },
    );
  }
  const header = headerFor(options);
  const parts: Uint8Array[] = [serializeImageHeader(header)];
  let length = headerLength(header);
  let checksum = CHECKSUM_SEED;
  for (const { loadAddress, data } of segments) {
    const padded = new Uint8Array(alignUp(data.length, 4));
    padded.set(data);
    const segmentHeader = new DataView(new ArrayBuffer(8));
    segmentHeader.setUint32(0, loadAddress, true);
    segmentHeader.setUint32(4, padded.length, true);
    parts.push(new Uint8Array(segmentHeader.buffer), padded);
    length += 8 + padded.length;
    checksum = xorChecksum(padded, checksum);
  }
  const tail = new Uint8Array(alignUp(length + 1, 16) - length);
  tail[tail.length - 1] = checksum;
  const image = concatBytes([...parts, tail]);
  return header.extended?.hashAppended === 1 ? concatBytes([image, await sha256(image)]) : image;
}

function headerFor(options: BuildImageOptions): ImageHeader {
  const { imageChipId } = chipByName(options.chip);
  return {
    segmentCount: options.segments.length,
    spiMode: options.spiMode ?? 0,
    flashFrequency: options.flashFrequency ?? 0,
    flashSize: options.flashSize ?? 0,
    entryPoint: options.entryPoint,
    extended:
      imageChipId === null
        ? null
        : {
            wpPin: 0xee,
            spiPinDrive: [0, 0, 0],
            chipId: imageChipId,
            minChipRevisionLegacy: 0,
            minChipRevision: 0,
            maxChipRevision: 0xffff,
            reserved: [0, 0, 0, 0],
            hashAppended: (options.appendHash ?? true) ? 1 : 0,
            ...options.extended,
          },
  };
}
