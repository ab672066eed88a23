import { formatHex, type Issue } from '../../shared/index.ts';
import type { NvsCode } from '../codes.ts';
import { type NvsEntry, parseEntry, payloadCrc, spanOf } from './entry.ts';
import {
  ENTRIES_PER_PAGE,
  ENTRY_SIZE_BYTES,
  FIRST_ENTRY_OFFSET,
  isVariableLength,
  PAGE_SIZE_BYTES,
} from './layout.ts';
import { entryBytes, type NvsEntryState, type NvsPage } from './page.ts';

/** One item of a page: its head and, for strings and blobs, the bytes behind it. */
export interface NvsItem {
  readonly pageIndex: number;
  /** Position of the head in its page, 0 to 125. */
  readonly entryIndex: number;
  readonly head: NvsEntry;
  readonly key: string;
  /** `null` for integers and blob indexes, whose value is in the head, and for data with a bad CRC. */
  readonly payload: Uint8Array | null;
  /** Whether the CRC of the data is wrong: the item takes up its place, but has no value. */
  readonly damaged: boolean;
}

/** What lies in a page. */
export interface PageItems {
  readonly written: readonly NvsItem[];
  /** Erased items that are still legible: a device only clears their bits in the bitmap. */
  readonly erased: readonly NvsItem[];
  readonly issues: readonly Issue<NvsCode>[];
}

type Reading =
  | { readonly kind: 'item'; readonly item: NvsItem }
  | { readonly kind: 'fault'; readonly code: NvsCode; readonly what: string };

/** Walks through the entries of a page the way the device does when it loads one. */
export function readItems(page: NvsPage): PageItems {
  const written: NvsItem[] = [];
  const erased: NvsItem[] = [];
  const faults: { code: NvsCode; first: number; count: number; what: string }[] = [];
  let next = 0;
  const fault = (code: NvsCode, what: string) => {
    const last = faults.at(-1);
    // One damaged item leaves its data behind as a run of entries that are no heads.
    if (last?.code === code && last.what === what && last.first + last.count === next) {
      last.count += 1;
    } else faults.push({ code, first: next, count: 1, what });
  };
  while (next < ENTRIES_PER_PAGE) {
    let span = 1;
    const state = page.entryStates[next];
    if (state === 'written' || state === 'erased') {
      const reading = readItem(page, next, state);
      if (reading.kind === 'item') {
        ({ span } = reading.item.head);
        if (state === 'written') written.push(reading.item);
        else if (!reading.item.damaged) erased.push(reading.item);
        if (reading.item.damaged && state === 'written') {
          fault('nvs/data-crc', `("${reading.item.key}") has a wrong CRC over its data`);
        }
      } else if (state === 'written') fault(reading.code, reading.what);
    } else if (state === 'illegal') {
      fault('nvs/entry-state', 'is neither empty, written nor erased in the bitmap');
    } else if (entryBytes(page, next).some((byte) => byte !== 0xff)) {
      fault('nvs/entry-state', 'is empty in the bitmap but has data; the device will erase it');
    }
    next += span;
  }
  return { written, erased, issues: faults.map((found) => describeFault(page, found)) };
}

function readItem(page: NvsPage, index: number, state: NvsEntryState): Reading {
  const head = parseEntry(entryBytes(page, index));
  if (!head.crcValid) return faultOf('nvs/entry-crc', 'has a wrong CRC');
  if (head.key === null) return faultOf('nvs/entry-crc', 'has a key that is not text');
  const { span, key, typeValue } = head;
  if (span < 1 || index + span > ENTRIES_PER_PAGE) {
    return faultOf('nvs/entry-span', `says that it takes up ${span} entries`);
  }
  const states = page.entryStates.slice(index, index + span);
  if (states.some((other) => other !== state)) {
    return faultOf('nvs/entry-state', `takes up ${span} entries that are not all ${state}`);
  }
  const item = { pageIndex: page.index, entryIndex: index, head, key, damaged: false };
  if (!isVariableLength(typeValue)) return { kind: 'item', item: { ...item, payload: null } };
  const view = new DataView(head.data.buffer, head.data.byteOffset, 8);
  const length = view.getUint16(0, true);
  if (spanOf(length) > span) {
    return faultOf('nvs/entry-span', `has ${length} bytes of data in ${span - 1} entries`);
  }
  const start = FIRST_ENTRY_OFFSET + (index + 1) * ENTRY_SIZE_BYTES;
  const payload = page.bytes.subarray(start, start + length);
  return view.getUint32(4, true) === payloadCrc(payload)
    ? { kind: 'item', item: { ...item, payload } }
    : { kind: 'item', item: { ...item, payload: null, damaged: true } };
}

function faultOf(code: NvsCode, what: string): Reading {
  return { kind: 'fault', code, what };
}

function describeFault(
  page: NvsPage,
  { code, first, count, what }: { code: NvsCode; first: number; count: number; what: string },
): Issue<NvsCode> {
  const fileOffset = page.index * PAGE_SIZE_BYTES + FIRST_ENTRY_OFFSET + first * ENTRY_SIZE_BYTES;
  const which =
    count === 1 ? `entry ${first}` : `each of the entries ${first} to ${first + count - 1}`;
  return {
    code,
    severity: code === 'nvs/entry-state' ? 'warning' : 'error',
    message: `page ${page.index} at ${formatHex(page.index * PAGE_SIZE_BYTES)}: ${which} ${what}`,
    hint: 'The device drops it. Read the partition again, or set the value anew.',
    location: { kind: 'binary', fileOffset },
  };
}
