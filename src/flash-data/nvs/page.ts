import { crc32 } from '../../shared/index.ts';
import {
  BITMAP_OFFSET,
  ENTRIES_PER_PAGE,
  ENTRY_SIZE_BYTES,
  FIRST_ENTRY_OFFSET,
  type NvsPageState,
  type NvsVersion,
  PAGE_SIZE_BYTES,
  PAGE_STATES,
  VERSION_VALUES,
} from './layout.ts';

/** What the bitmap says of one entry; `illegal` is the one value of the two bits that nobody writes. */
export type NvsEntryState = 'empty' | 'written' | 'erased' | 'illegal';

const ENTRY_STATES = ['erased', 'illegal', 'written', 'empty'] as const;

/** The header of a page and the states of its entries. */
export interface NvsPage {
  /** Position in the partition, from 0. */
  readonly index: number;
  readonly state: NvsPageState;
  readonly stateValue: number;
  /** Pages are in use in the order of their sequence numbers, wherever they lie. */
  readonly sequence: number;
  /** `null` for a version byte that ESP-IDF does not know. */
  readonly version: NvsVersion | null;
  readonly headerCrcValid: boolean;
  readonly entryStates: readonly NvsEntryState[];
  /** The 4096 bytes of the page. */
  readonly bytes: Uint8Array;
}

/** Whether the device reads items from a page. */
export function isInUse(page: NvsPage): boolean {
  const { state, headerCrcValid, version } = page;
  return (
    (state === 'active' || state === 'full' || state === 'freeing') &&
    headerCrcValid &&
    version !== null
  );
}

/** Reads the header and the bitmap of the page at `index`. */
export function parsePage(partition: Uint8Array, index: number): NvsPage {
  const bytes = partition.subarray(index * PAGE_SIZE_BYTES, (index + 1) * PAGE_SIZE_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, PAGE_SIZE_BYTES);
  const stateValue = view.getUint32(0, true);
  const known = Object.entries(PAGE_STATES).find(([, value]) => value === stateValue);
  const versionByte = view.getUint8(8);
  const version =
    versionByte === VERSION_VALUES[1] ? 1 : versionByte === VERSION_VALUES[2] ? 2 : null;
  return {
    index,
    state: (known?.[0] as NvsPageState | undefined) ?? 'unknown',
    stateValue,
    sequence: view.getUint32(4, true),
    version,
    headerCrcValid: view.getUint32(28, true) === headerCrc(bytes),
    entryStates: Array.from({ length: ENTRIES_PER_PAGE }, (_, entry) => entryState(bytes, entry)),
    bytes,
  };
}

function headerCrc(page: Uint8Array): number {
  return crc32(page.subarray(4, 28), 0xffffffff);
}

function entryState(page: Uint8Array, entry: number): NvsEntryState {
  const byte = page[BITMAP_OFFSET + (entry >> 2)] ?? 0xff;
  return ENTRY_STATES[(byte >> ((entry & 3) * 2)) & 3] ?? 'empty';
}

/** The 32 bytes of one entry. */
export function entryBytes(page: Pick<NvsPage, 'bytes'>, entry: number): Uint8Array {
  const start = FIRST_ENTRY_OFFSET + entry * ENTRY_SIZE_BYTES;
  return page.bytes.subarray(start, start + ENTRY_SIZE_BYTES);
}

/** A page with a header and no entries yet. */
export function createPage(sequence: number, version: NvsVersion): Uint8Array<ArrayBuffer> {
  const page = new Uint8Array(PAGE_SIZE_BYTES).fill(0xff);
  const view = new DataView(page.buffer);
  view.setUint32(0, PAGE_STATES.active, true);
  view.setUint32(4, sequence, true);
  page[8] = VERSION_VALUES[version];
  view.setUint32(28, headerCrc(page), true);
  return page;
}

/** Changes the state of a page in place. */
export function setPageState(page: Uint8Array, state: keyof typeof PAGE_STATES): void {
  new DataView(page.buffer, page.byteOffset).setUint32(0, PAGE_STATES[state], true);
}

/** Changes the states of some entries in place: `written` clears one bit of each, `erased` both. */
export function setEntryStates(
  page: Uint8Array,
  first: number,
  count: number,
  state: 'written' | 'erased',
): void {
  for (let entry = first; entry < first + count; entry += 1) {
    const offset = BITMAP_OFFSET + (entry >> 2);
    const bits = state === 'written' ? 1 : 3;
    page[offset] = (page[offset] ?? 0xff) & ~(bits << ((entry & 3) * 2));
  }
}
