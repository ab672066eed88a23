import { concatBytes, type Issue } from '../../shared/index.ts';
import type { NvsCode } from '../codes.ts';
import { integerValue } from './entry.ts';
import type { NvsItem } from './items.ts';
import {
  ENTRY_SIZE_BYTES,
  FIRST_ENTRY_OFFSET,
  INTEGER_TYPES,
  integerType,
  NAMESPACES_INDEX,
  PAGE_SIZE_BYTES,
  TYPE_BLOB,
  TYPE_BLOB_DATA,
  TYPE_BLOB_INDEX,
  TYPE_STRING,
} from './layout.ts';
import { type NvsValue, stringFromBytes } from './value.ts';

/** A value with its name. */
export interface NvsVariable {
  /** `null` where the namespace is not entered (any more). */
  readonly namespace: string | null;
  readonly namespaceIndex: number;
  readonly key: string;
  readonly value: NvsValue;
  /** The items that it is stored in: one, or for a split blob its chunks and then its index. */
  readonly items: readonly NvsItem[];
}

interface Assembled {
  readonly namespaces: ReadonlyMap<number, string>;
  readonly variables: readonly NvsVariable[];
  readonly deleted: readonly NvsVariable[];
  readonly issues: readonly Issue<NvsCode>[];
}

/** Puts values together from the items of all pages, which come in the order of writing. */
export function assemble(items: readonly NvsItem[], erased: readonly NvsItem[]): Assembled {
  const issues: Issue<NvsCode>[] = [];
  const namespaces = namespaceNames(items);
  const chunks = items.filter(({ head, damaged }) => head.typeValue === TYPE_BLOB_DATA && !damaged);
  const heads = items.filter(
    (item) => !isNamespace(item) && item.head.typeValue !== TYPE_BLOB_DATA && !item.damaged,
  );
  const variables: NvsVariable[] = [];
  const usedChunks = new Set<NvsItem>();
  for (const item of withoutDuplicates(heads, items.at(-1), issues)) {
    const { namespaceIndex, typeValue } = item.head;
    const parts = typeValue === TYPE_BLOB_INDEX ? blobChunks(item, chunks) : [];
    for (const part of parts ?? []) usedChunks.add(part);
    if (parts === null) {
      issues.push(
        issueAt(
          item,
          'nvs/blob-incomplete',
          'error',
          'has chunks that are missing or of the wrong length',
          'The device does not return it. Set it anew.',
        ),
      );
      continue;
    }
    const value = valueOf(item, parts);
    if (value === null) {
      issues.push(
        issueAt(
          item,
          'nvs/unknown-type',
          'warning',
          `has the type 0x${typeValue.toString(16)}`,
          'A newer ESP-IDF may know it; it is kept as it is.',
        ),
      );
      continue;
    }
    if (value.type === 'string' && (value.text === null || value.bytes.at(-1) !== 0)) {
      issues.push(
        issueAt(
          item,
          'nvs/string-not-terminated',
          'warning',
          'is a string that does not end in NUL or is not UTF-8',
          'Set it anew; apps may read past its end.',
        ),
      );
    }
    const namespace = namespaces.get(namespaceIndex) ?? null;
    if (namespace === null) {
      issues.push(
        issueAt(
          item,
          'nvs/unknown-namespace',
          'warning',
          `belongs to namespace ${namespaceIndex}, which is not entered`,
          'No app can reach it; nothing needs doing.',
        ),
      );
    }
    variables.push({ namespace, namespaceIndex, key: item.key, value, items: [...parts, item] });
  }
  const claimed = (chunk: NvsItem) =>
    usedChunks.has(chunk) || heads.some((head) => blobOwns(head, chunk));
  for (const chunk of chunks.filter((item) => !claimed(item))) {
    issues.push(
      issueAt(
        chunk,
        'nvs/orphan-chunk',
        'warning',
        'is a chunk of a blob that is not entered',
        'The device erases it when it starts; nothing needs doing.',
      ),
    );
  }
  return { namespaces, variables, deleted: legible(erased, namespaces), issues };
}

function isNamespace({ head }: NvsItem): boolean {
  return head.namespaceIndex === NAMESPACES_INDEX && head.typeValue === INTEGER_TYPES.u8;
}

function namespaceNames(items: readonly NvsItem[]): ReadonlyMap<number, string> {
  return new Map(items.filter(isNamespace).map((item) => [item.head.data[0] ?? 0, item.key]));
}

/**
 * Of several items with the same key the device reads the first, unless the other one was the very
 * last thing written: then the power went between writing the new and erasing the old one.
 */
function withoutDuplicates(
  heads: readonly NvsItem[],
  newest: NvsItem | undefined,
  issues: Issue<NvsCode>[],
): readonly NvsItem[] {
  const groups = Map.groupBy(heads, ({ head, key }) => `${head.namespaceIndex}/${key}`);
  return [...groups.values()].flatMap((group) => {
    const winner = group.find((item) => item === newest) ?? group[0];
    for (const item of group.filter((other) => other !== winner)) {
      issues.push(
        issueAt(
          item,
          'nvs/duplicate-key',
          'warning',
          'is stored once more, and the other one counts',
          'Set it anew to leave one of them.',
        ),
      );
    }
    return winner === undefined ? [] : [winner];
  });
}

function blobOwns(index: NvsItem, chunk: NvsItem): boolean {
  const [count = 0, start = 0] = index.head.data.subarray(4, 6);
  const { namespaceIndex, chunkIndex } = chunk.head;
  return (
    index.head.typeValue === TYPE_BLOB_INDEX &&
    index.head.namespaceIndex === namespaceIndex &&
    index.key === chunk.key &&
    chunkIndex >= start &&
    chunkIndex < start + count
  );
}

function blobChunks(index: NvsItem, chunks: readonly NvsItem[]): readonly NvsItem[] | null {
  const view = new DataView(index.head.data.buffer, index.head.data.byteOffset, 8);
  const own = chunks
    .filter((chunk) => blobOwns(index, chunk))
    .sort((a, b) => a.head.chunkIndex - b.head.chunkIndex);
  const distinct = new Set(own.map(({ head }) => head.chunkIndex)).size === own.length;
  const total = own.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 0);
  return distinct && own.length === view.getUint8(4) && total === view.getUint32(0, true)
    ? own
    : null;
}

function valueOf(item: NvsItem, chunks: readonly NvsItem[]): NvsValue | null {
  const { head, payload } = item;
  const integer = integerType(head.typeValue);
  if (integer !== null) return { type: integer, value: integerValue(integer, head.data) };
  if (head.typeValue === TYPE_BLOB_INDEX) {
    return { type: 'blob', bytes: concatBytes(chunks.flatMap((chunk) => chunk.payload ?? [])) };
  }
  if (payload === null) return null;
  if (head.typeValue === TYPE_STRING) return stringFromBytes(payload);
  return head.typeValue === TYPE_BLOB || head.typeValue === TYPE_BLOB_DATA
    ? { type: 'blob', bytes: payload }
    : null;
}

function legible(
  erased: readonly NvsItem[],
  namespaces: ReadonlyMap<number, string>,
): readonly NvsVariable[] {
  return erased.flatMap((item) => {
    const { namespaceIndex, typeValue } = item.head;
    const value = typeValue === TYPE_BLOB_INDEX || isNamespace(item) ? null : valueOf(item, []);
    const namespace = namespaces.get(namespaceIndex) ?? null;
    return value === null
      ? []
      : [{ namespace, namespaceIndex, key: item.key, value, items: [item] }];
  });
}

function issueAt(
  { key, pageIndex, entryIndex }: NvsItem,
  code: NvsCode,
  severity: 'error' | 'warning',
  what: string,
  hint: string,
): Issue<NvsCode> {
  const fileOffset =
    pageIndex * PAGE_SIZE_BYTES + FIRST_ENTRY_OFFSET + entryIndex * ENTRY_SIZE_BYTES;
  const message = `"${key}" (page ${pageIndex}, entry ${entryIndex}) ${what}`;
  return { code, severity, message, hint, location: { kind: 'binary', fileOffset } };
}
