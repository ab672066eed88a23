import { type BootPartition, type BootSlots, bootSlots, type BootTable } from './boot-slots.ts';
import type { Otadata } from './parse.ts';
import {
  BLANK_SEQUENCE,
  isRuledOut,
  type OtadataRecord,
  type OtadataState,
  type RecordIndex,
} from './record.ts';

/** How the bootloader is built. */
export interface BootOptions {
  /** `CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE`: an app that does not confirm itself is given up. */
  readonly rollback?: boolean;
}

/** A record that the bootloader itself writes while it boots. */
export interface RecordWrite {
  readonly record: RecordIndex;
  readonly sequence: number;
  readonly state: OtadataState;
}

/**
 * Why a slot boots:
 * - `otadata`: a record of otadata selects it.
 * - `factory-by-default`: no record is in use and the table has a factory app.
 * - `first-ota-by-default`: no record is in use and there is no factory app, so ota_0 is tried.
 * - `no-otadata`: the table has no otadata partition, so the factory app or else the first is tried.
 * - `slot-missing`: the selected OTA slot does not exist in the table, so the next one below is tried.
 * - `only-app`: none of these exists, but another app does.
 * - `no-app`: the table has no bootable app.
 */
export type BootReason =
  | 'otadata'
  | 'factory-by-default'
  | 'first-ota-by-default'
  | 'no-otadata'
  | 'slot-missing'
  | 'only-app'
  | 'no-app';

/** What the bootloader does with an otadata partition and a table. */
export interface BootChoice<Entry extends BootPartition = BootPartition> {
  /** The app slot that is tried first; `null` where the table has none. */
  readonly boots: Entry | null;
  readonly reason: BootReason;
  /** The record that decides, where one does. */
  readonly activeRecord: RecordIndex | null;
  /** Every app in the order in which the bootloader tries them: one with a bad image is skipped. */
  readonly attempts: readonly Entry[];
  /** What the bootloader writes to otadata on the way, if the first attempt boots. */
  readonly writes: readonly RecordWrite[];
}

/**
 * Which app slot the bootloader starts, by the rules of ESP-IDF's `bootloader_utility.c`: of the
 * records with a good CRC that are neither invalid nor aborted the larger sequence number selects
 * slot `(sequence - 1) % slots`. Without one the factory app boots, or else ota_0. With rollback, a
 * record that is still waiting for its app's confirmation counts as aborted.
 */
export function chooseBootSlot<Entry extends BootPartition>(
  otadata: Otadata | null,
  table: BootTable<Entry>,
  { rollback = false }: BootOptions = {},
): BootChoice<Entry> {
  const slots = bootSlots(table);
  if (otadata === null || slots.otadata === null) {
    const attempts = attemptOrder(slots, FACTORY);
    return {
      boots: attempts[0] ?? null,
      reason: attempts.length === 0 ? 'no-app' : 'no-otadata',
      activeRecord: null,
      attempts,
      writes: [],
    };
  }
  const writes: RecordWrite[] = [];
  const records = otadata.records.map((record, index) => {
    if (!rollback || record.state !== 'pending-verify') return record;
    writes.push({ record: asIndex(index), sequence: record.sequence, state: 'aborted' });
    return { ...record, state: 'aborted', eligible: false } as const;
  });
  const activeRecord = slots.otaCount === 0 ? null : newestEligible(records);
  const active = activeRecord === null ? undefined : records[activeRecord];
  const start = active === undefined ? defaultStart(records, slots) : slotIndex(active, slots);
  const attempts = attemptOrder(slots, start);
  const boots = attempts[0] ?? null;
  if (rollback && active?.state === 'new' && activeRecord !== null) {
    writes.push({ record: activeRecord, sequence: active.sequence, state: 'pending-verify' });
  }
  // Without a factory app the bootloader notes which slot it took, so that the app can count on.
  if (active === undefined && start === 0 && boots !== null && records.every(isInitial)) {
    const index = slots.ota.indexOf(boots);
    if (index >= 0) writes.push({ record: 0, sequence: index + 1, state: 'valid' });
  }
  return { boots, reason: reasonFor(slots, start, boots, active), activeRecord, attempts, writes };
}

const FACTORY = -1;

function asIndex(index: number): RecordIndex {
  return index === 0 ? 0 : 1;
}

function isInitial(record: OtadataRecord): boolean {
  return record.sequence === BLANK_SEQUENCE || !record.crcValid;
}

/** The eligible record with the larger sequence number; the first one where they are equal. */
export function newestEligible(records: readonly OtadataRecord[]): RecordIndex | null {
  const [first, second] = records;
  if (first?.eligible && second?.eligible) return second.sequence > first.sequence ? 1 : 0;
  if (first?.eligible) return 0;
  return second?.eligible ? 1 : null;
}

/** Sequence number 0 wraps round, as it does in the bootloader's unsigned arithmetic. */
function slotIndex({ sequence }: OtadataRecord, { otaCount }: BootSlots): number {
  return ((sequence - 1) >>> 0) % otaCount;
}

function defaultStart(records: readonly OtadataRecord[], slots: BootSlots): number {
  if (slots.factory !== null) return FACTORY;
  // A record that is not ruled out but has a bad CRC makes the bootloader "try all partitions".
  return slots.otaCount === 0 || records.every(isRuledOut) ? 0 : FACTORY;
}

/** From the chosen slot down to the factory app, then up to the last OTA slot, then the test app. */
function attemptOrder<Entry extends BootPartition>(
  slots: BootSlots<Entry>,
  start: number,
): readonly Entry[] {
  const at = (index: number) =>
    index === FACTORY ? slots.factory : index < slots.otaCount ? slots.ota[index] : null;
  const down = Array.from({ length: start + 2 }, (_, step) => at(start - step));
  const up = Array.from({ length: 15 - start }, (_, step) => at(start + 1 + step));
  return [...down, ...up, slots.test].filter((entry) => entry !== null && entry !== undefined);
}

function reasonFor(
  slots: BootSlots,
  start: number,
  boots: BootPartition | null,
  active: OtadataRecord | undefined,
): BootReason {
  if (boots === null) return 'no-app';
  if (active !== undefined) return slots.ota[start] === boots ? 'otadata' : 'slot-missing';
  if (boots === slots.factory) return 'factory-by-default';
  return boots === slots.ota[0] ? 'first-ota-by-default' : 'only-app';
}
