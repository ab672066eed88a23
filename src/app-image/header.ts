import { type Chip, chipByName, memoryAt } from '../chips/index.ts';
import { ByteReader } from '../shared/index.ts';

/** The first byte of every image that a ROM or bootloader loads. */
export const IMAGE_MAGIC = 0xe9;

/** The bootloader refuses images with more segments than this. */
export const MAX_SEGMENTS = 16;

/** Length of the header of every chip but the ESP8266. */
export const HEADER_BYTES = 24;
/** The ESP8266 has only the first part of it. */
export const ESP8266_HEADER_BYTES = 8;

/** How the chip is to read its flash, by header byte 2. */
export const SPI_MODES = ['qio', 'qout', 'dio', 'dout', 'fast-read', 'slow-read'] as const;

/** What the chips after the ESP8266 have in bytes 8 to 23 of the header. */
export interface ExtendedHeader {
  /** GPIO of the flash's write-protect pin; 0xEE disables it. */
  readonly wpPin: number;
  /** Drive strengths of the flash pins, two to a byte: clk/q, d/cs, hd/wp. */
  readonly spiPinDrive: readonly [number, number, number];
  readonly chipId: number;
  /** Major revision only (minor on the ESP32-C3); superseded by `minChipRevision`. */
  readonly minChipRevisionLegacy: number;
  /** Major × 100 + minor. */
  readonly minChipRevision: number;
  /** Major × 100 + minor; 0 and 65535 mean no limit. */
  readonly maxChipRevision: number;
  readonly reserved: readonly [number, number, number, number];
  /** 1 where a SHA-256 follows the checksum, otherwise 0. Other values are not legal. */
  readonly hashAppended: number;
}

/** `esp_image_header_t`, with every field as stored. */
export interface ImageHeader {
  readonly segmentCount: number;
  /** Index into {@link SPI_MODES}; unknown values are kept. */
  readonly spiMode: number;
  /** Low nibble of byte 3; what it means depends on the chip (`Chip.flashFrequencies`). */
  readonly flashFrequency: number;
  /** High nibble of byte 3 (`Chip.flashSizes`). */
  readonly flashSize: number;
  readonly entryPoint: number;
  /** `null` on the ESP8266, whose header is 8 bytes long. */
  readonly extended: ExtendedHeader | null;
}

/** How many bytes the header takes. */
export function headerLength(header: ImageHeader): number {
  return header.extended === null ? ESP8266_HEADER_BYTES : HEADER_BYTES;
}

/**
 * Reads a header, whatever its magic byte is.
 *
 * @param bytes 24 bytes, or 8 for the ESP8266
 * @throws BytesError `bytes/read-past-end`
 */
export function parseImageHeader(bytes: Uint8Array): ImageHeader {
  const reader = new ByteReader(bytes);
  reader.skip(1, 'magic byte');
  const segmentCount = reader.u8('segment count');
  const spiMode = reader.u8('SPI mode');
  const flash = reader.u8('flash size and frequency');
  const entryPoint = reader.u32('entry point');
  return {
    segmentCount,
    spiMode,
    flashFrequency: flash & 0x0f,
    flashSize: flash >> 4,
    entryPoint,
    extended: isEsp8266Header(bytes) ? null : parseExtendedHeader(reader),
  };
}

function parseExtendedHeader(reader: ByteReader): ExtendedHeader {
  return {
    wpPin: reader.u8('write-protect pin'),
    spiPinDrive: [
      reader.u8('SPI pin drive'),
      reader.u8('SPI pin drive'),
      reader.u8('SPI pin drive'),
    ],
    chipId: reader.u16('chip id'),
    minChipRevisionLegacy: reader.u8('minimum chip revision'),
    minChipRevision: reader.u16('minimum chip revision'),
    maxChipRevision: reader.u16('maximum chip revision'),
    reserved: [
      reader.u8('reserved'),
      reader.u8('reserved'),
      reader.u8('reserved'),
      reader.u8('reserved'),
    ],
    hashAppended: reader.u8('hash flag'),
  };
}

/** The inverse of {@link parseImageHeader}, byte for byte. */
export function serializeImageHeader(header: ImageHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headerLength(header));
  const view = new DataView(bytes.buffer);
  bytes.set([
    IMAGE_MAGIC,
    header.segmentCount,
    header.spiMode,
    (header.flashSize << 4) | header.flashFrequency,
  ]);
  view.setUint32(4, header.entryPoint, true);
  const { extended } = header;
  if (extended === null) return bytes;
  bytes.set([extended.wpPin, ...extended.spiPinDrive], 8);
  view.setUint16(12, extended.chipId, true);
  view.setUint8(14, extended.minChipRevisionLegacy);
  view.setUint16(15, extended.minChipRevision, true);
  view.setUint16(17, extended.maxChipRevision, true);
  bytes.set([...extended.reserved, extended.hashAppended], 19);
  return bytes;
}

/**
 * The ESP8266 header has no chip id: its first segment header follows at byte 8 at once. Where every
 * other chip has pin numbers there, it has a load address in the ESP8266's memory.
 */
function isEsp8266Header(bytes: Uint8Array): boolean {
  if (bytes.length < ESP8266_HEADER_BYTES + 4) return bytes.length < HEADER_BYTES;
  const firstLoadAddress = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
  return memoryAt(ESP8266, firstLoadAddress) !== null;
}

const ESP8266: Chip = chipByName('esp8266');

/** `v3.1` for 301, as chip and eFuse block revisions are counted. */
export function formatRevision(revision: number): string {
  return `v${Math.floor(revision / 100)}.${revision % 100}`;
}
