import { ENTRIES_PER_PAGE, ENTRY_SIZE_BYTES, FIRST_ENTRY_OFFSET } from './layout.ts';
import { setEntryStates } from './page.ts';

/** Appends items to a page that has room. */
export class PageWriter {
  /** The whole page, written in place. */
  readonly bytes: Uint8Array;
  #nextEntry: number;

  constructor(bytes: Uint8Array, nextEntry = 0) {
    this.bytes = bytes;
    this.#nextEntry = nextEntry;
  }

  /** How many entries are in use, written or erased. */
  get usedEntries(): number {
    return this.#nextEntry;
  }

  get freeEntries(): number {
    return ENTRIES_PER_PAGE - this.#nextEntry;
  }

  /** How many bytes of a variable-length item fit behind its head. */
  get roomBytes(): number {
    return Math.max(0, this.freeEntries - 1) * ENTRY_SIZE_BYTES;
  }

  /** @param item whole entries, no more than are free */
  append(item: Uint8Array): void {
    const count = item.length / ENTRY_SIZE_BYTES;
    this.bytes.set(item, FIRST_ENTRY_OFFSET + this.#nextEntry * ENTRY_SIZE_BYTES);
    setEntryStates(this.bytes, this.#nextEntry, count, 'written');
    this.#nextEntry += count;
  }
}
