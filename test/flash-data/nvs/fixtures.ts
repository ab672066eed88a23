import { buildNvs, type NvsVersion, parseNvsCsv } from '../../../src/flash-data/index.ts';
import { serializeEntry, serializeVariable } from '../../../src/flash-data/nvs/entry.ts';
import { createPage, setEntryStates } from '../../../src/flash-data/nvs/page.ts';

/** An NVS built from CSV rows, without the header line. */
export function nvsOf(
  rows: string,
  { pages = 4, version = 2 }: { readonly pages?: number; readonly version?: NvsVersion } = {},
): Uint8Array<ArrayBuffer> {
  const csv = parseNvsCsv(`key,type,encoding,value\n${rows}`);
  return buildNvs(csv, { sizeBytes: pages * 4096, version }).bytes;
}

/** An entry with an 8-byte data field, as bytes on flash. */
export function entry(
  key: string,
  typeValue: number,
  data: readonly number[] = [1],
  { namespaceIndex = 1, span = 1, chunkIndex = 0xff } = {},
): Uint8Array {
  const field = new Uint8Array(8).fill(0xff);
  field.set(data);
  return serializeEntry({ key, typeValue, namespaceIndex, span, chunkIndex, data: field });
}

/** An entry with data behind it. */
export function variable(
  key: string,
  typeValue: number,
  data: readonly number[],
  chunkIndex = 0xff,
): Uint8Array {
  return serializeVariable(
    { key, typeValue, namespaceIndex: 1, chunkIndex },
    Uint8Array.from(data),
  );
}

/** A partition of four pages whose first has the namespace `s` (1) and then these items. */
export function nvsWith(...items: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const partition = new Uint8Array(4 * 4096).fill(0xff);
  const page = createPage(0, 2);
  let next = 0;
  for (const item of [entry('s', 0x01, [1], { namespaceIndex: 0 }), ...items]) {
    page.set(item, 64 + next * 32);
    setEntryStates(page, next, item.length / 32, 'written');
    next += item.length / 32;
  }
  partition.set(page);
  return partition;
}
