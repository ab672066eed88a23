interface Segment {
  readonly start: number;
  readonly end: number;
}

/** The RAM that MEM_BEGIN and MEM_DATA fill: of what has arrived, where it lies. */
export class Ram {
  readonly #whole: Segment[] = [];
  #filling: { readonly start: number; readonly end: number; next: number } | null = null;

  begin(sizeBytes: number, address: number): void {
    this.#filling = { start: address, end: address + sizeBytes, next: address };
  }

  /** Takes a block; `false` where none was announced, or less. */
  take(block: Uint8Array): boolean {
    const filling = this.#filling;
    if (filling === null || filling.next + block.length > filling.end) return false;
    filling.next += block.length;
    if (filling.next < filling.end) return true;
    this.#whole.push({ start: filling.start, end: filling.end });
    this.#filling = null;
    return true;
  }

  /** Whether code at an address can run: it arrived, and so did everything else that was announced. */
  canRun(address: number): boolean {
    if (this.#filling !== null) return false;
    return this.#whole.some(({ start, end }) => address >= start && address < end);
  }
}
