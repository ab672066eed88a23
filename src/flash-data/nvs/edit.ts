import { NvsError } from '../codes.ts';
import { checkKey } from './build.ts';
import { appendBlob, appendWhole, blobStart, ITEM_LIMITS } from './device-writes.ts';
import type { NvsItem } from './items.ts';
import {
  MAX_NAMESPACE_INDEX,
  NAMESPACES_INDEX,
  TYPE_BLOB_DATA,
  TYPE_BLOB_INDEX,
} from './layout.ts';
import { PageManager } from './page-manager.ts';
import { type Nvs, parseNvs } from './parse.ts';
import { type NvsValue, valuesEqual } from './value.ts';

/** Faults that a device repairs when it starts, in ways that depend on more than the image. */
const REPAIRED_FIRST: ReadonlySet<string> = new Set([
  'nvs/encrypted',
  'nvs/page-header',
  'nvs/page-not-erased',
  'nvs/page-freeing',
  'nvs/page-sequence',
  'nvs/no-free-page',
  'nvs/entry-crc',
  'nvs/entry-span',
  'nvs/entry-state',
]);

/**
 * The partition after an app stored a value, written as the device writes: the new value is appended,
 * then the old one is marked erased; a new page is begun where the last is full, and the page with
 * the least in use is cleared where only one is blank. Everything else stays where it is. A value
 * that is there already is not written again.
 *
 * @param namespace entered first where it is new
 * @throws NvsError `nvs/needs-recovery`, `nvs/bad-key`, `nvs/value-too-long`, `nvs/full`,
 * `nvs/too-many-namespaces`
 */
export function setNvsValue(
  nvs: Nvs,
  namespace: string,
  key: string,
  value: NvsValue,
): Uint8Array<ArrayBuffer> {
  assertEditable(nvs);
  assertName(namespace);
  assertName(key);
  const stored = nvs.variables.find((item) => item.namespace === namespace && item.key === key);
  const bytes = new Uint8Array(nvs.bytes);
  if (stored !== undefined && valuesEqual(stored.value, value)) return bytes;
  const pages = new PageManager(bytes, nvs.version);
  const namespaceIndex = openNamespace(nvs, pages, namespace);
  const start = value.type === 'blob' && nvs.version === 2 ? blobStart(stored) : null;
  const head = { namespaceIndex, key };
  if (start !== null && value.type === 'blob') appendBlob(pages, head, value.bytes, start);
  else appendWhole(pages, head, value, ITEM_LIMITS[nvs.version]);
  const all = itemsOf(parseNvs(bytes), namespaceIndex, key);
  const isNew = (item: NvsItem) =>
    start === null ? item === all.at(-1) : belongsToBlob(item, start);
  for (const item of all) if (!isNew(item)) pages.eraseItem(item);
  return bytes;
}

/**
 * The partition after an app erased a key: its entries are marked erased, and stay legible until
 * their page is cleared.
 *
 * @throws NvsError `nvs/needs-recovery`, `nvs/no-such-key`
 */
export function deleteNvsValue(nvs: Nvs, namespace: string, key: string): Uint8Array<ArrayBuffer> {
  assertEditable(nvs);
  const index = namespaceIndexOf(nvs, namespace);
  const items = index === null ? [] : itemsOf(nvs, index, key);
  if (items.length === 0) {
    throw new NvsError('nvs/no-such-key', `there is no "${key}" in namespace "${namespace}"`, {
      hint: 'List what there is with `otakit nvs show`.',
      details: { namespace, key },
    });
  }
  const bytes = new Uint8Array(nvs.bytes);
  const pages = new PageManager(bytes, nvs.version);
  for (const item of items) pages.eraseItem(item);
  return bytes;
}

function assertEditable({ issues }: Nvs): void {
  const fault = issues.find(({ code }) => REPAIRED_FIRST.has(code));
  if (fault === undefined) return;
  throw new NvsError('nvs/needs-recovery', `the NVS is not sound: ${fault.message}`, {
    hint:
      fault.code === 'nvs/encrypted'
        ? fault.hint
        : 'Let the device start once and read the partition again, or build it anew from a CSV.',
    details: { code: fault.code },
  });
}

function assertName(name: string): void {
  checkKey({ key: name });
  if (name !== '') return;
  throw new NvsError('nvs/bad-key', 'namespaces and keys have at least one character', {
    hint: 'Name both, as in `otakit nvs set nvs.bin VIAM_NS OTA_VERSION v1`.',
  });
}

function namespaceIndexOf(nvs: Nvs, namespace: string): number | null {
  for (const [index, name] of nvs.namespaces) if (name === namespace) return index;
  return null;
}

function openNamespace(nvs: Nvs, pages: PageManager, namespace: string): number {
  const known = namespaceIndexOf(nvs, namespace);
  if (known !== null) return known;
  let index = 1;
  while (nvs.namespaces.has(index)) index += 1;
  if (index > MAX_NAMESPACE_INDEX) {
    throw new NvsError('nvs/too-many-namespaces', `"${namespace}" would be namespace ${index}`, {
      hint: `NVS has room for ${MAX_NAMESPACE_INDEX} namespaces.`,
    });
  }
  const head = { namespaceIndex: NAMESPACES_INDEX, key: namespace };
  appendWhole(pages, head, { type: 'u8', value: BigInt(index) }, ITEM_LIMITS[nvs.version]);
  return index;
}

function itemsOf(nvs: Nvs, namespaceIndex: number, key: string): readonly NvsItem[] {
  return nvs.items.filter(
    (item) => item.head.namespaceIndex === namespaceIndex && item.key === key,
  );
}

function belongsToBlob({ head }: NvsItem, start: number): boolean {
  if (head.typeValue === TYPE_BLOB_INDEX) return head.data[5] === start;
  return head.typeValue === TYPE_BLOB_DATA && (head.chunkIndex & 0x80) === start;
}
