import { concatBytes, formatHex, formatSize } from '../../shared/index.ts';
import { NvsError } from '../codes.ts';
import {
  integerData,
  serializeBlobIndex,
  serializeEntry,
  serializeVariable,
  spanOf,
} from './entry.ts';
import {
  ENTRIES_PER_PAGE,
  INTEGER_TYPES,
  MAX_BLOB_CHUNKS,
  MAX_CHUNK_BYTES,
  MAX_NAMESPACE_INDEX,
  MAX_V1_BLOB_BYTES,
  NAMESPACES_INDEX,
  type NvsVersion,
  PAGE_SIZE_BYTES,
  TYPE_BLOB,
  TYPE_BLOB_DATA,
  TYPE_STRING,
} from './layout.ts';
import { createPage, setPageState } from './page.ts';
import { PageWriter } from './page-writer.ts';
import { assertPartitionSize } from './parse.ts';
import type { NvsValue } from './value.ts';

/** Fewer pages than this cannot be written by a device, so none is kept blank for it. */
const MIN_WRITABLE_PAGES = 3;

/**
 * Fills a new partition page by page, with the bytes that `nvs_partition_gen` would write: same
 * order, same page breaks, same blob chunks.
 */
export class ImageWriter {
  readonly #sizeBytes: number;
  readonly #version: NvsVersion;
  readonly #pages: PageWriter[] = [];
  readonly #namespaces = new Map<string, number>();
  #page: PageWriter;

  /** @throws NvsError `nvs/wrong-size` */
  constructor(sizeBytes: number, version: NvsVersion) {
    assertPartitionSize(sizeBytes);
    this.#sizeBytes = sizeBytes;
    this.#version = version;
    this.#page = this.#addPage();
  }

  get isReadonly(): boolean {
    return this.#sizeBytes < MIN_WRITABLE_PAGES * PAGE_SIZE_BYTES;
  }

  /** The index of the namespace that was entered last; 0 before the first. */
  get newestNamespace(): number {
    return this.#namespaces.size;
  }

  /** Enters a namespace unless that was done before, and answers with its index. */
  openNamespace(name: string): number {
    const known = this.#namespaces.get(name);
    if (known !== undefined) return known;
    const index = this.#namespaces.size + 1;
    if (index > MAX_NAMESPACE_INDEX) {
      throw new NvsError('nvs/too-many-namespaces', `"${name}" would be namespace ${index}`, {
        hint: `NVS has room for ${MAX_NAMESPACE_INDEX} namespaces.`,
      });
    }
    this.#namespaces.set(name, index);
    this.write(NAMESPACES_INDEX, name, { type: 'u8', value: BigInt(index) });
    return index;
  }

  /** Appends a value. */
  write(namespaceIndex: number, key: string, value: NvsValue): void {
    if (value.type === 'blob') {
      if (this.#version === 2) this.#writeChunks(namespaceIndex, key, value.bytes);
      else this.#writeWhole({ namespaceIndex, key, typeValue: TYPE_BLOB }, value.bytes);
    } else if (value.type === 'string') {
      this.#writeWhole({ namespaceIndex, key, typeValue: TYPE_STRING }, value.bytes);
    } else {
      const { type } = value;
      const data = integerData(type, value.value);
      const typeValue = INTEGER_TYPES[type];
      if (this.#page.freeEntries === 0) this.#page = this.#addPage();
      this.#page.append(serializeEntry({ namespaceIndex, typeValue, span: 1, key, data }));
    }
  }

  /** The partition. Under 3 pages only those in use, as the tool has it. */
  finish(): Uint8Array<ArrayBuffer> {
    const used = concatBytes(this.#pages.map(({ bytes }) => bytes));
    if (this.isReadonly) return used;
    const whole = new Uint8Array(this.#sizeBytes).fill(0xff);
    whole.set(used);
    return whole;
  }

  #addPage(): PageWriter {
    // A partition that a device writes to needs one blank page.
    const usable = this.#sizeBytes / PAGE_SIZE_BYTES - (this.isReadonly ? 0 : 1);
    if (this.#pages.length >= usable) {
      throw new NvsError(
        'nvs/full',
        `the values need more than the ${usable} usable pages of ${formatHex(this.#sizeBytes)} bytes (${formatSize(this.#sizeBytes)})`,
        {
          hint: 'Make the partition larger, or store less.',
          details: { sizeBytes: this.#sizeBytes, usablePages: usable },
        },
      );
    }
    const previous = this.#pages.at(-1);
    if (previous !== undefined) setPageState(previous.bytes, 'full');
    const page = new PageWriter(createPage(this.#pages.length, this.#version));
    this.#pages.push(page);
    return page;
  }

  #writeWhole(
    fields: { readonly namespaceIndex: number; readonly key: string; readonly typeValue: number },
    payload: Uint8Array,
  ): void {
    const isV1 = this.#version === 1;
    const limit = isV1 ? MAX_V1_BLOB_BYTES : MAX_CHUNK_BYTES;
    if (payload.length > limit) throw tooLong(fields.key, payload.length, limit);
    const span = spanOf(payload.length);
    // The tool leaves the last entry of a page free, unless nothing else is in it.
    const fits = this.#page.usedEntries + span < ENTRIES_PER_PAGE;
    if (!fits && this.#page.usedEntries > 0) this.#page = this.#addPage();
    this.#page.append(serializeVariable(fields, payload));
  }

  #writeChunks(namespaceIndex: number, key: string, bytes: Uint8Array): void {
    if (this.#page.freeEntries === 0) this.#page = this.#addPage();
    let offset = 0;
    let count = 0;
    do {
      const room = this.#page.roomBytes;
      const chunk = bytes.subarray(offset, offset + room);
      if (count === MAX_BLOB_CHUNKS) {
        throw tooLong(key, bytes.length, MAX_BLOB_CHUNKS * MAX_CHUNK_BYTES);
      }
      const head = { namespaceIndex, key, typeValue: TYPE_BLOB_DATA, chunkIndex: count };
      this.#page.append(serializeVariable(head, chunk));
      offset += chunk.length;
      count += 1;
      if (offset < bytes.length || room - chunk.length < 32) this.#page = this.#addPage();
    } while (offset < bytes.length);
    this.#page.append(serializeBlobIndex({ namespaceIndex, key }, bytes.length, count, 0));
  }
}

function tooLong(key: string, have: number, limit: number): NvsError {
  return new NvsError(
    'nvs/value-too-long',
    `"${key}" has ${have} bytes; NVS stores at most ${limit} of this kind`,
    {
      hint: 'Split it over several keys, or keep it in a file system partition.',
      details: { key, haveBytes: have, limitBytes: limit },
    },
  );
}
