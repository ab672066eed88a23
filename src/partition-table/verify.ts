import { formatCount, formatHex, formatSize } from '../shared/index.ts';
import { type Finding, finding } from './finding.ts';
import {
  endOf,
  inFlashOrder,
  NVS_WRITABLE_MIN_BYTES,
  OTADATA_BYTES,
  type PartitionEntry,
  type PartitionTable,
  shownName,
  TABLE_SECTOR_BYTES,
} from './model.ts';
import { isPrimary } from './place-entries.ts';
import {
  appSizeAlignment,
  offsetAlignment,
  type SecureBootVersion,
  SUBTYPE_DATA_COREDUMP,
  SUBTYPE_DATA_NVS,
  SUBTYPE_DATA_OTA,
  SUBTYPE_DATA_TEE_OTA,
  TYPE_APP,
  TYPE_DATA,
} from './types.ts';

/** What the rules depend on beyond the table. */
export interface VerifyOptions {
  /** Size of the flash; nothing is checked against it where it is left out. */
  readonly flashSizeBytes?: number;
  /** Ask that app slots suit this version of secure boot. */
  readonly secure?: SecureBootVersion;
}

/**
 * What ESP-IDF's `gen_esp32part.py` refuses to build: exactly its conditions, in its order, but all
 * of them rather than the first.
 */
export function verifyPartitionTable(
  table: PartitionTable,
  options: VerifyOptions = {},
): readonly Finding[] {
  return [
    ...table.entries.flatMap((entry) => verifyEntry(entry, options)),
    ...duplicateNames(table),
    ...overlaps(table),
    ...otadata(table, SUBTYPE_DATA_OTA),
    ...otadata(table, SUBTYPE_DATA_TEE_OTA),
    ...beyondFlash(table, options),
  ];
}

function verifyEntry(entry: PartitionEntry, { secure }: VerifyOptions): readonly Finding[] {
  const { type, subtype, flashOffset, sizeBytes } = entry;
  const name = shownName(entry);
  const found: Finding[] = [];
  const offsetStep = offsetAlignment(type);
  if (flashOffset % offsetStep !== 0) {
    found.push(
      finding(
        'partition-table/offset-unaligned',
        'error',
        { entry, column: 'offset' },
        `${name} begins at ${formatHex(flashOffset)}, which is not a multiple of ${formatHex(offsetStep)}`,
        `Move it to ${formatHex(Math.ceil(flashOffset / offsetStep) * offsetStep)}, or leave the offset empty.`,
      ),
    );
  }
  const sizeStep = appSizeAlignment(secure);
  if (type === TYPE_APP && sizeBytes % sizeStep !== 0) {
    found.push(
      finding(
        'partition-table/size-unaligned',
        'error',
        { entry, column: 'size' },
        `${name} is ${formatHex(sizeBytes)} bytes long, which is not a multiple of ${formatHex(sizeStep)}`,
        `Make it ${formatHex(Math.floor(sizeBytes / sizeStep) * sizeStep)} or ${formatHex(Math.ceil(sizeBytes / sizeStep) * sizeStep)}.`,
      ),
    );
  }
  if (type !== TYPE_DATA) return found;
  if ((subtype === SUBTYPE_DATA_OTA || subtype === SUBTYPE_DATA_COREDUMP) && entry.readonly) {
    found.push(
      finding(
        'partition-table/always-writable',
        'error',
        { entry, column: 'flags' },
        `${name} is flagged readonly, but ${subtype === SUBTYPE_DATA_OTA ? 'every update' : 'every core dump'} must write it`,
        'Remove the flag.',
      ),
    );
  }
  if (subtype === SUBTYPE_DATA_NVS && sizeBytes < NVS_WRITABLE_MIN_BYTES && !entry.readonly) {
    found.push(
      finding(
        'partition-table/nvs-too-small',
        'error',
        { entry, column: 'size' },
        `${name} has ${formatHex(sizeBytes)} bytes, but NVS that can be written needs ${formatHex(NVS_WRITABLE_MIN_BYTES)}`,
        'Make it larger, or flag it readonly.',
      ),
    );
  }
  return found;
}

function duplicateNames(table: PartitionTable): readonly Finding[] {
  const first = new Map<string, PartitionEntry>();
  return table.entries.flatMap((entry) => {
    const earlier = first.get(entry.name);
    if (earlier === undefined) {
      first.set(entry.name, entry);
      return [];
    }
    return [
      finding(
        'partition-table/duplicate-name',
        'error',
        { entry, column: 'name' },
        `${shownName(entry)} at ${formatHex(entry.flashOffset)} has the same name as the entry at ${formatHex(earlier.flashOffset)}`,
        'Rename one of them: programs find partitions by name.',
      ),
    ];
  });
}

function overlaps(table: PartitionTable): readonly Finding[] {
  const found: Finding[] = [];
  const firstFree = table.tableFlashOffset + TABLE_SECTOR_BYTES;
  let previous: PartitionEntry | null = null;
  for (const entry of inFlashOrder(table)) {
    const name = shownName(entry);
    if (entry.flashOffset < firstFree && !isPrimary(entry)) {
      found.push(
        finding(
          'partition-table/overlaps-table',
          'error',
          { entry, column: 'offset' },
          `${name} begins at ${formatHex(entry.flashOffset)}, below ${formatHex(firstFree)} where the partition table ends`,
          `Move it to ${formatHex(firstFree)} or higher.`,
        ),
      );
    }
    if (previous !== null && entry.flashOffset < endOf(previous)) {
      found.push(
        finding(
          'partition-table/overlap',
          'error',
          { entry, column: 'offset' },
          `${name} begins at ${formatHex(entry.flashOffset)}, but ${shownName(previous)} occupies ${formatHex(previous.flashOffset)} to ${formatHex(endOf(previous) - 1)}`,
          `Move it to ${formatHex(endOf(previous))} or higher, or make ${shownName(previous)} smaller.`,
        ),
      );
    }
    previous = entry;
  }
  return found;
}

function otadata(
  table: PartitionTable,
  subtype: typeof SUBTYPE_DATA_OTA | typeof SUBTYPE_DATA_TEE_OTA,
): readonly Finding[] {
  const tee = subtype === SUBTYPE_DATA_TEE_OTA;
  const label = tee ? 'TEE otadata' : 'otadata';
  const [first, ...more] = table.entries.filter(
    (entry) => entry.type === TYPE_DATA && entry.subtype === subtype,
  );
  if (first === undefined) return [];
  const found = more.map((entry) =>
    finding(
      tee ? 'partition-table/multiple-tee-otadata' : 'partition-table/multiple-otadata',
      'error',
      { entry, column: 'subtype' },
      `${shownName(entry)} is a second ${label} beside ${shownName(first)}`,
      'Keep one of them: the device looks at one only.',
    ),
  );
  if (more.length > 0 || first.sizeBytes === OTADATA_BYTES) return found;
  return [
    finding(
      tee ? 'partition-table/tee-otadata-size' : 'partition-table/otadata-size',
      'error',
      { entry: first, column: 'size' },
      `${shownName(first)} is ${formatHex(first.sizeBytes)} bytes long, but ${label} is ${formatHex(OTADATA_BYTES)}`,
      `Make it ${formatHex(OTADATA_BYTES)}: two flash sectors, written in turn.`,
    ),
  ];
}

function beyondFlash(table: PartitionTable, { flashSizeBytes }: VerifyOptions): readonly Finding[] {
  if (flashSizeBytes === undefined) return [];
  return table.entries
    .filter((entry) => endOf(entry) > flashSizeBytes)
    .map((entry) =>
      finding(
        'partition-table/exceeds-flash',
        'error',
        { entry, column: 'size' },
        `${shownName(entry)} ends at ${formatHex(endOf(entry))}, ${formatCount(endOf(entry) - flashSizeBytes)} bytes beyond the ${formatSize(flashSizeBytes)} of flash`,
        'Make entries smaller, or choose a larger flash. The bootloader refuses the whole table.',
      ),
    );
}
