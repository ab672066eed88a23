import type { ChipFaults } from './faults.ts';

/** The cable, with the faults that it was given: bytes that vanish or flip, and its end. */
export class Wire {
  readonly #faults: ChipFaults;
  #toChipBytes = 0;
  #toHostBytes = 0;
  #mended = false;

  constructor(faults: ChipFaults) {
    this.#faults = faults;
  }

  get isCut(): boolean {
    return this.#toChipBytes >= this.#cutAfterBytes;
  }

  /** How many bytes have gone from the host into the cable so far. */
  get toChipBytes(): number {
    return this.#toChipBytes;
  }

  /** Plugs the cable in again; it is not pulled a second time. */
  mend(): void {
    this.#mended = true;
  }

  get #cutAfterBytes(): number {
    return (this.#mended ? undefined : this.#faults.unplugAfterBytes) ?? Number.POSITIVE_INFINITY;
  }

  toChip(bytes: Uint8Array): Uint8Array {
    const { dropToChip = [], flipToChip = [] } = this.#faults;
    const start = this.#toChipBytes;
    const left = this.#cutAfterBytes - start;
    this.#toChipBytes += bytes.length;
    return damaged(bytes.subarray(0, Math.max(0, left)), start, dropToChip, flipToChip);
  }

  toHost(bytes: Uint8Array): Uint8Array {
    if (this.isCut) return new Uint8Array(0);
    const start = this.#toHostBytes;
    this.#toHostBytes += bytes.length;
    const { dropToHost = [], flipToHost = [] } = this.#faults;
    return damaged(bytes, start, dropToHost, flipToHost);
  }
}

function damaged(
  bytes: Uint8Array,
  start: number,
  drop: readonly number[],
  flip: readonly number[],
): Uint8Array {
  if (drop.length === 0 && flip.length === 0) return bytes;
  return bytes
    .map((byte, index) => (flip.includes(start + index) ? byte ^ 0x10 : byte))
    .filter((_, index) => !drop.includes(start + index));
}

/** What a UART makes of bytes at another rate: something, but never the same. */
export function garbled(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte ^ 0xa5) | 0x80);
}
