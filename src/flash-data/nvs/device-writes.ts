import { NvsError } from '../codes.ts';
import type { NvsVariable } from './assemble.ts';
import { integerData, serializeBlobIndex, serializeEntry, serializeVariable } from './entry.ts';
import {
  ENTRY_SIZE_BYTES,
  INTEGER_TYPES,
  MAX_BLOB_CHUNKS,
  MAX_CHUNK_BYTES,
  MAX_V1_BLOB_BYTES,
  type NvsVersion,
  TYPE_BLOB,
  TYPE_BLOB_DATA,
  TYPE_BLOB_INDEX,
  TYPE_STRING,
} from './layout.ts';
import type { PageManager } from './page-manager.ts';
import type { NvsValue } from './value.ts';

/** What names an item. */
interface ItemName {
  readonly namespaceIndex: number;
  readonly key: string;
}

/** Below this room the first chunk of a blob goes to a new page instead. */
const SMALL_ROOM_BYTES = MAX_CHUNK_BYTES / 10;
/** The chunk numbers of a blob start here when the stored one starts at 0, and the other way round. */
const SECOND_START = 0x80;

/** How long a value in one piece may be. */
export const ITEM_LIMITS = { 1: MAX_V1_BLOB_BYTES, 2: MAX_CHUNK_BYTES } as const satisfies Record<
  NvsVersion,
  number
>;

/** Appends a value that fits one page: an integer, a string, or a blob of version 1. */
export function appendWhole(
  pages: PageManager,
  name: ItemName,
  value: NvsValue,
  blobLimit: number,
): void {
  const item = serializeWhole(name, value, blobLimit);
  const entries = item.length / ENTRY_SIZE_BYTES;
  let page = pages.current();
  if (page.freeEntries < entries) page = pages.next();
  if (page.freeEntries < entries) throw pages.full();
  page.append(item);
}

function serializeWhole(name: ItemName, value: NvsValue, blobLimit: number): Uint8Array {
  if (value.type === 'string' || value.type === 'blob') {
    const { type, bytes } = value;
    const limit = type === 'string' ? MAX_CHUNK_BYTES : blobLimit;
    if (bytes.length > limit) throw tooLong(name.key, bytes.length, limit);
    return serializeVariable(
      { ...name, typeValue: type === 'string' ? TYPE_STRING : TYPE_BLOB },
      bytes,
    );
  }
  const data = integerData(value.type, value.value);
  return serializeEntry({ ...name, typeValue: INTEGER_TYPES[value.type], span: 1, data });
}

/** Where the chunk numbers of a blob begin so that they differ from those of the one it replaces. */
export function blobStart(stored: NvsVariable | undefined): number {
  const index = stored?.items.find(({ head }) => head.typeValue === TYPE_BLOB_INDEX);
  return index?.head.data[5] === 0 ? SECOND_START : 0;
}

/** Appends a blob of version 2 in as many chunks as it takes, and then its index. */
export function appendBlob(
  pages: PageManager,
  name: ItemName,
  bytes: Uint8Array,
  start: number,
): void {
  const limit = Math.min(pages.pageCount - 1, MAX_BLOB_CHUNKS) * MAX_CHUNK_BYTES;
  if (bytes.length > limit) throw tooLong(name.key, bytes.length, limit);
  let page = pages.current();
  const { roomBytes } = page;
  if ((roomBytes < bytes.length || roomBytes === 0) && roomBytes < SMALL_ROOM_BYTES) {
    page = pages.next();
  }
  let offset = 0;
  let count = 0;
  do {
    const room = page.roomBytes;
    if (room === 0 || count === MAX_BLOB_CHUNKS) throw pages.full();
    const chunk = bytes.subarray(offset, offset + room);
    page.append(
      serializeVariable({ ...name, typeValue: TYPE_BLOB_DATA, chunkIndex: start + count }, chunk),
    );
    offset += chunk.length;
    count += 1;
    if (offset < bytes.length || room - chunk.length < ENTRY_SIZE_BYTES) page = pages.next();
  } while (offset < bytes.length);
  if (page.freeEntries === 0) throw pages.full();
  page.append(serializeBlobIndex(name, bytes.length, count, start));
}

function tooLong(key: string, haveBytes: number, limitBytes: number): NvsError {
  return new NvsError(
    'nvs/value-too-long',
    `"${key}" has ${haveBytes} bytes; at most ${limitBytes} can be stored here`,
    {
      hint: 'Split it over several keys, or keep it in a file system partition.',
      details: { key, haveBytes, limitBytes },
    },
  );
}
