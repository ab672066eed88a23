import { formatHex, type Issue } from '../../shared/index.ts';
import { type NvsCode, NvsError } from '../codes.ts';
import { assemble, type NvsVariable } from './assemble.ts';
import { type NvsItem, readItems } from './items.ts';
import { type NvsVersion, PAGE_SIZE_BYTES } from './layout.ts';
import { isInUse, type NvsPage, parsePage } from './page.ts';
import { pageIssues } from './page-issues.ts';

/** An NVS partition as a device would see it. */
export interface Nvs {
  /** In the order in which they lie in the partition. */
  readonly pages: readonly NvsPage[];
  /** By namespace index. */
  readonly namespaces: ReadonlyMap<number, string>;
  /** What an app can read, in the order in which it was written. */
  readonly variables: readonly NvsVariable[];
  /** What was deleted or replaced but is still legible; of a split blob each chunk by itself. */
  readonly deleted: readonly NvsVariable[];
  /** Every item in use, also namespaces and chunks, in the order of pages and entries. */
  readonly items: readonly NvsItem[];
  /** How the device will write: the version of the newest page, 2 for a blank partition. */
  readonly version: NvsVersion;
  /** Whatever is damaged or odd. */
  readonly issues: readonly Issue<NvsCode>[];
  /** The partition itself, as it was read. */
  readonly bytes: Uint8Array;
}

/**
 * Reads an NVS partition, version 1 or 2, unencrypted. Damaged pages and entries are left out, as a
 * device leaves them out, and named in `issues`.
 *
 * @param bytes the whole partition: a multiple of 4096 bytes
 * @throws NvsError `nvs/wrong-size`
 */
export function parseNvs(bytes: Uint8Array): Nvs {
  assertPartitionSize(bytes.length);
  const pages = Array.from({ length: bytes.length / PAGE_SIZE_BYTES }, (_, index) =>
    parsePage(bytes, index),
  );
  const inUse = pages.filter(isInUse).sort((a, b) => a.sequence - b.sequence);
  const contents = inUse.map(readItems);
  const items = contents.flatMap(({ written }) => written);
  const erased = contents.flatMap((content) => content.erased);
  const itemIssues = contents.flatMap(({ issues }) => issues);
  const encrypted = items.length === 0 && itemIssues.some(({ code }) => code === 'nvs/entry-crc');
  const { namespaces, variables, deleted, issues } = assemble(items, erased);
  return {
    pages,
    namespaces,
    variables,
    deleted,
    items,
    version: inUse.at(-1)?.version ?? 2,
    issues: [
      ...pageIssues(pages, inUse),
      ...(encrypted ? [encryptedIssue(itemIssues.length)] : itemIssues),
      ...issues,
    ],
    bytes,
  };
}

/** @throws NvsError `nvs/wrong-size` unless it is a positive multiple of a page */
export function assertPartitionSize(sizeBytes: number): void {
  if (sizeBytes > 0 && sizeBytes % PAGE_SIZE_BYTES === 0) return;
  throw new NvsError(
    'nvs/wrong-size',
    `an NVS partition is a multiple of ${formatHex(PAGE_SIZE_BYTES)} bytes, this is ${formatHex(sizeBytes)}`,
    {
      hint: 'Give the whole partition, as large as the partition table says.',
      details: { sizeBytes, pageSizeBytes: PAGE_SIZE_BYTES },
    },
  );
}

function encryptedIssue(count: number): Issue<NvsCode> {
  return {
    code: 'nvs/encrypted',
    severity: 'error',
    message: `no entry has a good CRC (${count} places), as in an encrypted NVS`,
    hint: 'Give the keys partition with --keys, or decrypt it first with `otakit nvs decrypt`.',
  };
}
