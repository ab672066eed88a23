import type { ChipFaults } from './faults.ts';

/** How a connection ends: the same port is there again afterwards, or another one. */
export type CutKind = 'unplugged' | 'renamed';

/** The cable, with the faults that it was given: bytes that vanish or flip, and its ends. */
export class Wire {
  readonly #faults: ChipFaults;
  readonly #onCut: (kind: CutKind) => void;
  /** Ends that are still to come; each comes once. */
  readonly #cuts: Set<Cut>;
  #toChipBytes = 0;
  #toHostBytes = 0;
  #isCut = false;

  constructor(faults: ChipFaults, onCut: (kind: CutKind) => void) {
    this.#faults = faults;
    this.#onCut = onCut;
    this.#cuts = new Set(declaredCuts(faults));
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** How many bytes have gone from the host into the cable so far. */
  get toChipBytes(): number {
    return this.#toChipBytes;
  }

  /** Plugs the cable in again. */
  mend(): void {
    this.#isCut = false;
  }

  /** What arrives of bytes from the host. */
  toChip(bytes: Uint8Array): Uint8Array {
    const { dropToChip = [], flipToChip = [] } = this.#faults;
    const start = this.#toChipBytes;
    const passed = this.#pass('toChip', start, bytes);
    this.#toChipBytes += passed.length;
    return damaged(passed, start, dropToChip, flipToChip);
  }

  /** What arrives of bytes from the chip. */
  toHost(bytes: Uint8Array): Uint8Array {
    const { dropToHost = [], flipToHost = [] } = this.#faults;
    const start = this.#toHostBytes;
    const passed = this.#pass('toHost', start, bytes);
    this.#toHostBytes += passed.length;
    return damaged(passed, start, dropToHost, flipToHost);
  }

  #pass(direction: Cut['direction'], start: number, bytes: Uint8Array): Uint8Array {
    if (this.#isCut) return new Uint8Array(0);
    const cut = [...this.#cuts]
      .filter((one) => one.direction === direction && one.afterBytes <= start + bytes.length)
      .toSorted((a, b) => a.afterBytes - b.afterBytes)[0];
    if (cut === undefined) return bytes;
    this.#cuts.delete(cut);
    this.#isCut = true;
    this.#onCut(cut.kind);
    return bytes.subarray(0, Math.max(0, cut.afterBytes - start));
  }
}

interface Cut {
  readonly kind: CutKind;
  readonly direction: 'toChip' | 'toHost';
  readonly afterBytes: number;
}

function declaredCuts(faults: ChipFaults): readonly Cut[] {
  const cut = (kind: CutKind, direction: Cut['direction'], afterBytes: number | undefined) =>
    afterBytes === undefined ? [] : [{ kind, direction, afterBytes }];
  return [
    ...cut('unplugged', 'toChip', faults.unplugAfterBytes),
    ...cut('renamed', 'toChip', faults.renameAfterBytes),
    ...cut('renamed', 'toHost', faults.renameAfterBytesToHost),
  ];
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
