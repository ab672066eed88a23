const APP_TYPE = 0x00;
const DATA_TYPE = 0x01;
const OTADATA_SUBTYPE = 0x00;
const FACTORY_SUBTYPE = 0x00;
const OTA_SUBTYPE = 0x10;
const TEST_SUBTYPE = 0x20;

/** What the choice of a boot slot needs to know of a partition. */
export interface BootPartition {
  readonly name: string;
  readonly type: number;
  readonly subtype: number;
  readonly flashOffset: number;
  readonly sizeBytes: number;
}

/** A partition table as far as booting goes; every `PartitionTable` is one. */
export interface BootTable<Entry extends BootPartition = BootPartition> {
  readonly entries: readonly Entry[];
}

/** The app slots as the bootloader counts them. */
export interface BootSlots<Entry extends BootPartition = BootPartition> {
  readonly factory: Entry | null;
  readonly test: Entry | null;
  /** By OTA number, 0 to 15; `null` where the table skips a number. Of doubles the last one stays. */
  readonly ota: readonly (Entry | null)[];
  /**
   * How many OTA entries there are: the modulus of the sequence number. With a gap or a double it
   * differs from what the running app counts, and then the two disagree about the slot.
   */
  readonly otaCount: number;
  /** Whether the OTA entries are exactly ota_0 … ota_(n-1). */
  readonly contiguous: boolean;
  readonly otadata: Entry | null;
}

/** Sorts a table's entries into the bootloader's slots (`load_partition_table` in ESP-IDF). */
export function bootSlots<Entry extends BootPartition>(table: BootTable<Entry>): BootSlots<Entry> {
  const ota = Array.from({ length: 16 }, (): Entry | null => null);
  let factory: Entry | null = null;
  let test: Entry | null = null;
  let otadata: Entry | null = null;
  let otaCount = 0;
  for (const entry of table.entries) {
    if (entry.type === DATA_TYPE && entry.subtype === OTADATA_SUBTYPE) otadata = entry;
    if (entry.type !== APP_TYPE) continue;
    if (entry.subtype === FACTORY_SUBTYPE) factory = entry;
    else if (entry.subtype === TEST_SUBTYPE) test = entry;
    else if ((entry.subtype & 0xf0) === OTA_SUBTYPE) {
      ota[entry.subtype & 0x0f] = entry;
      otaCount += 1;
    }
  }
  const contiguous = ota.every((entry, index) => (entry !== null) === index < otaCount);
  return { factory, test, ota, otaCount, contiguous, otadata };
}

/** `factory`, `test`, `ota_0` … `ota_15`: an app slot by its subtype, whatever its entry is called. */
export function slotName(entry: Pick<BootPartition, 'subtype'>): string {
  if (entry.subtype === FACTORY_SUBTYPE) return 'factory';
  if (entry.subtype === TEST_SUBTYPE) return 'test';
  return `ota_${entry.subtype & 0x0f}`;
}

/** All app slots, factory first, then by OTA number, then the test app. */
export function bootableEntries<Entry extends BootPartition>(
  slots: BootSlots<Entry>,
): readonly Entry[] {
  return [slots.factory, ...slots.ota, slots.test].filter((entry) => entry !== null);
}
