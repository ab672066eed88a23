import type { NorFlash } from './nor-flash.ts';

const SECTOR_BYTES = 0x1000;
const BLOCK_BYTES = 0x1_0000;

/**
 * Erases what a write will need, a step at a time and just ahead of the data, as the stub does. What is
 * blank is not erased until the first sector that is not: from there on nothing is looked at any more.
 */
export class EraseAhead {
  readonly #flash: NorFlash;
  readonly #end: number;
  #next: number;
  #allBlank = true;

  /** Both offsets at whole sectors. */
  constructor(flash: NorFlash, start: number, end: number) {
    this.#flash = flash;
    this.#next = start;
    this.#end = end;
  }

  /** One step; answers how long a real flash would take, in milliseconds. */
  step(): number {
    if (this.#next >= this.#end) return 0;
    const sector = this.#flash.read(this.#next, SECTOR_BYTES);
    if (this.#allBlank && sector.every((byte) => byte === 0xff)) {
      this.#next += SECTOR_BYTES;
      return 0;
    }
    this.#allBlank = false;
    const isBlock = this.#next % BLOCK_BYTES === 0 && this.#end - this.#next >= BLOCK_BYTES;
    const sizeBytes = isBlock ? BLOCK_BYTES : SECTOR_BYTES;
    const durationMs = this.#flash.erase(this.#next, sizeBytes);
    this.#next += sizeBytes;
    return durationMs;
  }

  /** As many steps as it takes to write up to an offset. */
  upTo(flashOffset: number): number {
    let durationMs = 0;
    while (this.#next < Math.min(flashOffset, this.#end)) durationMs += this.step();
    return durationMs;
  }
}
