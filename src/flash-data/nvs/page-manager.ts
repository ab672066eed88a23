import { NvsError } from '../codes.ts';
import { type NvsItem, readItems } from './items.ts';
import {
  ENTRIES_PER_PAGE,
  ENTRY_SIZE_BYTES,
  FIRST_ENTRY_OFFSET,
  type NvsVersion,
  PAGE_SIZE_BYTES,
} from './layout.ts';
import {
  createPage,
  isInUse,
  type NvsPage,
  parsePage,
  setEntryStates,
  setPageState,
} from './page.ts';
import { PageWriter } from './page-writer.ts';

/** Hands out pages to append to and clears old ones, as ESP-IDF's `PageManager` does. */
export class PageManager {
  readonly #bytes: Uint8Array;
  readonly #version: NvsVersion;

  /** @param bytes the partition, changed in place */
  constructor(bytes: Uint8Array, version: NvsVersion) {
    this.#bytes = bytes;
    this.#version = version;
  }

  /** The page that was begun last, at its first blank entry. Begins one in a blank partition. */
  current(): PageWriter {
    const newest = this.#inUse().at(-1);
    if (newest === undefined) return this.#activate(0);
    const used = newest.entryStates.findLastIndex((state) => state !== 'empty') + 1;
    return new PageWriter(newest.bytes, newest.state === 'active' ? used : ENTRIES_PER_PAGE);
  }

  get pageCount(): number {
    return this.#bytes.length / PAGE_SIZE_BYTES;
  }

  /** A page with room: a blank one, or what is left of the page with the fewest entries in use. */
  next(): PageWriter {
    const inUse = this.#inUse();
    const newest = inUse.at(-1);
    if (newest?.state === 'active') setPageState(newest.bytes, 'full');
    const sequence = (newest?.sequence ?? -1) + 1;
    if (this.#blank().length >= 2) return this.#activate(sequence);
    const unused = (page: NvsPage) =>
      ENTRIES_PER_PAGE - page.entryStates.filter((state) => state === 'written').length;
    const most = Math.max(0, ...inUse.map(unused));
    const cleared = inUse.find((page) => unused(page) === most);
    if (cleared === undefined || most === 0 || this.#blank().length === 0) throw this.full();
    const writer = this.#activate(sequence);
    for (const item of readItems(cleared).written) {
      const start = FIRST_ENTRY_OFFSET + item.entryIndex * ENTRY_SIZE_BYTES;
      writer.append(cleared.bytes.slice(start, start + item.head.span * ENTRY_SIZE_BYTES));
    }
    cleared.bytes.fill(0xff);
    return writer;
  }

  eraseItem({ pageIndex, entryIndex, head }: NvsItem): void {
    setEntryStates(this.#pageBytes(pageIndex), entryIndex, head.span, 'erased');
  }

  full(): NvsError {
    return new NvsError('nvs/full', `the partition of ${this.pageCount} pages has no room left`, {
      hint: 'Delete what is not needed, or build a larger partition.',
      details: { pages: this.pageCount },
    });
  }

  #pageBytes(index: number): Uint8Array {
    return this.#bytes.subarray(index * PAGE_SIZE_BYTES, (index + 1) * PAGE_SIZE_BYTES);
  }

  #pages(): readonly NvsPage[] {
    return Array.from({ length: this.pageCount }, (_, index) => parsePage(this.#bytes, index));
  }

  #inUse(): readonly NvsPage[] {
    return this.#pages()
      .filter(isInUse)
      .sort((a, b) => a.sequence - b.sequence);
  }

  #blank(): readonly NvsPage[] {
    return this.#pages().filter(({ state }) => state === 'blank');
  }

  #activate(sequence: number): PageWriter {
    const [page] = this.#blank();
    if (page === undefined) throw this.full();
    page.bytes.set(createPage(sequence, this.#version));
    return new PageWriter(page.bytes);
  }
}
