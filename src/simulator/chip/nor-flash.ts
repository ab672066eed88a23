import { VirtualChipError } from './codes.ts';

const SECTOR_BYTES = 0x1000;
const BLOCK_BYTES = 0x1_0000;
const PAGE_BYTES = 256;

/** Typical times of a NOR flash chip. */
const SECTOR_ERASE_MS = 45;
const BLOCK_ERASE_MS = 150;
const PAGE_PROGRAM_MS = 0.4;

/**
 * NOR flash as it really is: erasing sets whole sectors to FF, programming can only clear bits. So
 * writing over what was not erased leaves the AND of old and new, as on a board.
 */
export class NorFlash {
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;
  /** Sectors that neither erase nor take data any more, by index. */
  readonly #badSectors: ReadonlySet<number>;

  constructor(sizeBytes: number, badSectors: ReadonlySet<number> = new Set()) {
    this.sizeBytes = sizeBytes;
    this.#bytes = new Uint8Array(sizeBytes).fill(0xff);
    this.#badSectors = badSectors;
  }

  /** A view on the content; it changes as the flash does. */
  read(flashOffset: number, length: number): Uint8Array {
    this.#assertWithin(flashOffset, length);
    return this.#bytes.subarray(flashOffset, flashOffset + length);
  }

  /**
   * Erases sectors to FF.
   *
   * @returns how long a real chip would take, in milliseconds
   * @throws VirtualChipError `virtual-chip/flash-misaligned`, `virtual-chip/flash-outside`
   */
  erase(flashOffset: number, length: number): number {
    if (flashOffset % SECTOR_BYTES !== 0 || length % SECTOR_BYTES !== 0) {
      throw new VirtualChipError(
        'virtual-chip/flash-misaligned',
        `erasing ${length} bytes at 0x${flashOffset.toString(16)} does not hit whole sectors`,
        { hint: 'Flash is erased in sectors of 4096 bytes.', details: { flashOffset, length } },
      );
    }
    this.#assertWithin(flashOffset, length);
    let durationMs = 0;
    for (let offset = flashOffset; offset < flashOffset + length;) {
      const wholeBlock = offset % BLOCK_BYTES === 0 && offset + BLOCK_BYTES <= flashOffset + length;
      const step = wholeBlock ? BLOCK_BYTES : SECTOR_BYTES;
      this.#eraseSectors(offset, step);
      durationMs += wholeBlock ? BLOCK_ERASE_MS : SECTOR_ERASE_MS;
      offset += step;
    }
    return durationMs;
  }

  /** Programs bytes (old AND new); answers how long a real chip would take, in milliseconds. */
  program(flashOffset: number, data: Uint8Array): number {
    this.#assertWithin(flashOffset, data.length);
    for (const [index, byte] of data.entries()) {
      const at = flashOffset + index;
      if (this.#isBad(at)) continue;
      this.#bytes[at] = (this.#bytes[at] ?? 0xff) & byte;
    }
    return Math.ceil(data.length / PAGE_BYTES) * PAGE_PROGRAM_MS;
  }

  /** Puts bytes in place as a programmer on the bench would, before the chip is powered. */
  load(flashOffset: number, data: Uint8Array): void {
    this.#assertWithin(flashOffset, data.length);
    this.#bytes.set(data, flashOffset);
  }

  #eraseSectors(offset: number, length: number): void {
    if (this.#badSectors.size === 0) {
      this.#bytes.fill(0xff, offset, offset + length);
      return;
    }
    for (let sector = offset; sector < offset + length; sector += SECTOR_BYTES) {
      if (!this.#isBad(sector)) this.#bytes.fill(0xff, sector, sector + SECTOR_BYTES);
    }
  }

  #isBad(flashOffset: number): boolean {
    return this.#badSectors.has(Math.floor(flashOffset / SECTOR_BYTES));
  }

  #assertWithin(flashOffset: number, length: number): void {
    if (flashOffset >= 0 && length >= 0 && flashOffset + length <= this.sizeBytes) return;
    throw new VirtualChipError(
      'virtual-chip/flash-outside',
      `0x${flashOffset.toString(16)} + ${length} bytes lies outside a flash of ${this.sizeBytes} bytes`,
      { hint: 'Give the virtual chip a larger --flash.', details: { flashOffset, length } },
    );
  }
}
