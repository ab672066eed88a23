import { endOf, type PartitionEntry, type PartitionTable, TABLE_SECTOR_BYTES } from './model.ts';
import { appSlots, findOtadata, isOtadata, otaSlotNumber, otaSlots } from './queries.ts';
import { serializePartitionBinary } from './serialize-binary.ts';
import { SUBTYPE_DATA_COREDUMP, SUBTYPE_DATA_NVS, SUBTYPE_DATA_PHY, TYPE_APP } from './types.ts';

/** How one entry differs between two tables. Entries are matched by name, then by type and place. */
export type EntryChange =
  | { readonly kind: 'added'; readonly after: PartitionEntry }
  | { readonly kind: 'removed'; readonly before: PartitionEntry }
  | {
      readonly kind: 'changed';
      readonly before: PartitionEntry;
      readonly after: PartitionEntry;
      readonly what: readonly ('name' | 'type' | 'offset' | 'size' | 'flags')[];
    };

/** What happens to a data entry of the old table. */
export interface DataLoss {
  readonly entry: PartitionEntry;
  readonly reason: 'removed' | 'moved' | 'shrunk' | 'retyped' | 'overwritten';
  /** What of the new table lies over it, where it is overwritten. */
  readonly by: PartitionEntry | null;
}

/** Something that a cable has to bring. */
export interface CableStep {
  readonly what: 'table' | 'app' | 'otadata' | 'data';
  readonly action: 'write' | 'erase';
  readonly entry: PartitionEntry | null;
  readonly flashOffset: number;
  readonly sizeBytes: number;
}

/** Whether devices get from one table to another, and at what price. */
export interface TableDiff {
  /** Whether both are the same bytes in flash. */
  readonly identical: boolean;
  readonly changes: readonly EntryChange[];
  readonly overTheAir: {
    /**
     * An update over the air replaces an app, never the table. `same`: nothing to do. `keep`: an app
     * built for the new table runs on the old one, which the device keeps. `no`: it does not.
     */
    readonly verdict: 'same' | 'keep' | 'no';
    /** Why not, or on what condition. */
    readonly reasons: readonly string[];
    /** The largest image that both tables take, or `null` where one has no OTA slot. */
    readonly largestImageBytes: number | null;
  };
  /** What is lost when the new table is flashed by cable without saving it first. */
  readonly dataLost: readonly DataLoss[];
  /** What must be flashed by cable to get to the new table, in order. */
  readonly byCable: readonly CableStep[];
}

/**
 * Compares the table that devices have with one that they shall have.
 *
 * @throws PartitionTableError `partition-table/too-many-entries` where one could be on no device
 */
export function diffPartitionTables(before: PartitionTable, after: PartitionTable): TableDiff {
  const changes = changesBetween(before, after);
  const identical = before.tableFlashOffset === after.tableFlashOffset && sameBytes(before, after);
  const largestImageBytes = largestCommonImage(before, after);
  return {
    identical,
    changes,
    overTheAir: { ...overTheAir(before, after, identical, changes), largestImageBytes },
    dataLost: identical ? [] : lostData(before, after, changes),
    byCable: identical ? [] : cableSteps(before, after, changes),
  };
}

function sameBytes(before: PartitionTable, after: PartitionTable): boolean {
  // With the MD5 row in both: that one table was read without it is no difference to a device.
  const a = serializePartitionBinary(before, { md5: true });
  const b = serializePartitionBinary(after, { md5: true });
  return a.every((byte, index) => byte === b[index]);
}

function changesBetween(before: PartitionTable, after: PartitionTable): readonly EntryChange[] {
  const left = new Set(after.entries);
  const pairs = new Map<PartitionEntry, PartitionEntry>();
  const match = (same: (a: PartitionEntry, b: PartitionEntry) => boolean) => {
    for (const entry of before.entries) {
      if (pairs.has(entry)) continue;
      const other = [...left].find((candidate) => same(entry, candidate));
      if (other === undefined) continue;
      pairs.set(entry, other);
      left.delete(other);
    }
  };
  match((a, b) => a.name === b.name && a.type === b.type && a.subtype === b.subtype);
  match((a, b) => a.name === b.name);
  match((a, b) => a.type === b.type && a.subtype === b.subtype && a.flashOffset === b.flashOffset);
  const changes: EntryChange[] = [];
  for (const entry of before.entries) {
    const other = pairs.get(entry);
    if (other === undefined) {
      changes.push({ kind: 'removed', before: entry });
      continue;
    }
    const what = differences(entry, other);
    if (what.length > 0) changes.push({ kind: 'changed', before: entry, after: other, what });
  }
  return [...changes, ...[...left].map((after) => ({ kind: 'added' as const, after }))];
}

function differences(a: PartitionEntry, b: PartitionEntry) {
  const flags = (entry: PartitionEntry) =>
    `${entry.encrypted} ${entry.readonly} ${entry.unknownFlags ?? 0}`;
  const differs = {
    name: a.name !== b.name,
    type: a.type !== b.type || a.subtype !== b.subtype,
    offset: a.flashOffset !== b.flashOffset,
    size: a.sizeBytes !== b.sizeBytes,
    flags: flags(a) !== flags(b),
  };
  return (['name', 'type', 'offset', 'size', 'flags'] as const).filter((what) => differs[what]);
}

function largestCommonImage(before: PartitionTable, after: PartitionTable): number | null {
  const smallest = (table: PartitionTable) =>
    otaSlots(table).reduce<number | null>(
      (least, { sizeBytes }) => (least === null ? sizeBytes : Math.min(least, sizeBytes)),
      null,
    );
  const a = smallest(before);
  const b = smallest(after);
  return a === null || b === null ? null : Math.min(a, b);
}

/** The app that is sent over the air runs on the table that the device has. Does it find all there? */
function overTheAir(
  before: PartitionTable,
  after: PartitionTable,
  identical: boolean,
  changes: readonly EntryChange[],
): { verdict: 'same' | 'keep' | 'no'; reasons: readonly string[] } {
  if (identical) return { verdict: 'same', reasons: [] };
  const obstacles: string[] = [];
  const conditions: string[] = [];
  const updatable = findOtadata(before) !== null && otaSlots(before).length > 0;
  if (!updatable || appSlots(before).length < 2) {
    obstacles.push('devices with the old table cannot update over the air at all');
  }
  if (before.tableFlashOffset !== after.tableFlashOffset) {
    obstacles.push('the table itself moves, which needs another bootloader');
  }
  for (const change of changes) {
    if (change.kind === 'added' && !isApp(change.after)) {
      obstacles.push(`the old table has no ${change.after.name}, which the new app may look for`);
    } else if (change.kind === 'changed' && !isApp(change.after)) {
      const { what, after: entry, before: old } = change;
      if (what.includes('name'))
        obstacles.push(`${entry.name} is called ${old.name} in the old table`);
      if (what.includes('type')) obstacles.push(`${entry.name} has another type in the old table`);
      if (what.includes('size') && entry.sizeBytes > old.sizeBytes) {
        obstacles.push(
          `${entry.name} has only ${old.sizeBytes} bytes in the old table, not ${entry.sizeBytes}`,
        );
      }
      if (what.includes('flags')) conditions.push(`${entry.name} keeps its old flags`);
    }
  }
  const largest = largestCommonImage(before, after);
  if (largest !== null) conditions.push(`the image has at most ${largest} bytes`);
  return obstacles.length > 0
    ? { verdict: 'no', reasons: obstacles }
    : { verdict: 'keep', reasons: conditions };
}

function isApp({ type }: PartitionEntry): boolean {
  return type === TYPE_APP;
}

/** Data that a device makes anew by itself, and that nobody misses. */
function isVolatile(entry: PartitionEntry): boolean {
  const remade = [SUBTYPE_DATA_COREDUMP, SUBTYPE_DATA_PHY];
  return isOtadata(entry) || (entry.type === 1 && remade.includes(entry.subtype));
}

function lostData(
  before: PartitionTable,
  after: PartitionTable,
  changes: readonly EntryChange[],
): readonly DataLoss[] {
  return before.entries.flatMap((entry): DataLoss[] => {
    if (isApp(entry) || isVolatile(entry)) return [];
    const change = changes.find((change) => change.kind !== 'added' && change.before === entry);
    if (change === undefined) return [];
    const heir = change.kind === 'changed' ? change.after : null;
    const by = after.entries.find((other) => other !== heir && overlaps(other, entry)) ?? null;
    const reason = lossOf(entry, change, by);
    return reason === null ? [] : [{ entry, reason, by }];
  });
}

function lossOf(
  entry: PartitionEntry,
  change: EntryChange,
  by: PartitionEntry | null,
): DataLoss['reason'] | null {
  if (change.kind !== 'changed') return by === null ? 'removed' : 'overwritten';
  const { what, after } = change;
  if (what.includes('type')) return 'retyped';
  if (what.includes('offset')) return 'moved';
  if (by !== null) return 'overwritten';
  if (after.sizeBytes < entry.sizeBytes) return 'shrunk';
  // NVS takes pages that were added for empty ones; a file system keeps the size it was made with.
  return null;
}

function overlaps(a: PartitionEntry, b: PartitionEntry): boolean {
  return a.flashOffset < endOf(b) && b.flashOffset < endOf(a);
}

function cableSteps(
  before: PartitionTable,
  after: PartitionTable,
  changes: readonly EntryChange[],
): readonly CableStep[] {
  const steps: CableStep[] = [
    {
      what: 'table',
      action: 'write',
      entry: null,
      flashOffset: after.tableFlashOffset,
      sizeBytes: TABLE_SECTOR_BYTES,
    },
  ];
  const step = (what: CableStep['what'], action: CableStep['action'], entry: PartitionEntry) =>
    steps.push({
      what,
      action,
      entry,
      flashOffset: entry.flashOffset,
      sizeBytes: entry.sizeBytes,
    });
  const isNew = (entry: PartitionEntry) =>
    changes.some(
      (change) =>
        change.kind !== 'removed' &&
        change.after === entry &&
        (change.kind === 'added' ||
          change.what.some((what) => what !== 'name' && what !== 'flags')),
    );
  // Where slots come, go or move, what otadata says no longer means what it meant.
  const shape = (table: PartitionTable) =>
    appSlots(table)
      .map((slot) => `${otaSlotNumber(slot)}@${slot.flashOffset}`)
      .join();
  const slotsMoved = shape(before) !== shape(after);
  const otadata = findOtadata(after);
  if (otadata !== null && (slotsMoved || isNew(otadata))) step('otadata', 'erase', otadata);
  const [boot] = appSlots(after);
  const sameAppThere = before.entries.some(
    (entry) => isApp(entry) && entry.flashOffset === boot?.flashOffset,
  );
  if (boot !== undefined && (slotsMoved || !sameAppThere)) step('app', 'write', boot);
  for (const entry of after.entries) {
    if (isApp(entry) || isOtadata(entry) || !isNew(entry)) continue;
    const kept = changes.find((change) => change.kind === 'changed' && change.after === entry);
    const grew =
      kept?.kind === 'changed' &&
      kept.what.every((what) => what === 'size') &&
      entry.sizeBytes > kept.before.sizeBytes;
    if (grew && entry.subtype === SUBTYPE_DATA_NVS && entry.type === 1) {
      // Only what was added: the old pages stay.
      const flashOffset = endOf(kept.before);
      const sizeBytes = endOf(entry) - flashOffset;
      steps.push({ what: 'data', action: 'erase', entry, flashOffset, sizeBytes });
    } else {
      step('data', 'erase', entry);
    }
  }
  return steps;
}
