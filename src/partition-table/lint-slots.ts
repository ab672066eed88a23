import { formatHex, formatSize } from '../shared/index.ts';
import { type Finding, finding } from './finding.ts';
import { type PartitionEntry, type PartitionTable, shownName } from './model.ts';
import { appSlots, findOtadata, isFactory, otaSlotNumber, otaSlots } from './queries.ts';
import { subtypeName, TYPE_APP } from './types.ts';

/** What is wrong with the app slots and otadata as a whole: what boots, and what updates can reach. */
export function lintSlots(table: PartitionTable): readonly Finding[] {
  if (table.entries.length === 0) {
    return [
      finding(
        'partition-table/empty',
        'error',
        null,
        'the table has no entry; the bootloader refuses it and resets for ever',
        'Add rows, or start from a preset: otakit partitions init.',
      ),
    ];
  }
  return [
    ...noApp(table),
    ...duplicates(table),
    ...gaps(table),
    ...otadata(table),
    ...single(table),
    ...unequal(table),
  ];
}

function noApp(table: PartitionTable): readonly Finding[] {
  if (appSlots(table).length > 0) return [];
  return [
    finding(
      'partition-table/no-app',
      'error',
      null,
      'no factory and no ota_N entry: the bootloader finds nothing to boot and resets for ever',
      'Add a factory entry, or ota_0, ota_1 and otadata for updates over the air.',
    ),
  ];
}

function duplicates(table: PartitionTable): readonly Finding[] {
  const seen = new Map<number, PartitionEntry>();
  return table.entries.flatMap((entry) => {
    if (!isFactory(entry) && otaSlotNumber(entry) === null) return [];
    const earlier = seen.get(entry.subtype);
    if (earlier === undefined) {
      seen.set(entry.subtype, entry);
      return [];
    }
    return [
      finding(
        'partition-table/duplicate-app-subtype',
        'error',
        { entry, column: 'subtype' },
        `${shownName(entry)} is ${subtypeName(TYPE_APP, entry.subtype)} as ${shownName(earlier)} is: the bootloader boots the last of them, the app updates the first${isFactory(entry) ? '' : ', and both are counted as slots'}`,
        'Give each app slot a subtype of its own.',
      ),
    ];
  });
}

/** The bootloader counts slots and takes otadata's sequence modulo that count; a hole has length 0. */
function gaps(table: PartitionTable): readonly Finding[] {
  const numbers = new Set(otaSlots(table).map(otaSlotNumber));
  const missing = Array.from({ length: 16 }, (_, number) => number).find(
    (number) => !numbers.has(number),
  );
  const beyond = otaSlots(table).find((entry) => (otaSlotNumber(entry) ?? 0) > (missing ?? 16));
  if (beyond === undefined) return [];
  return [
    finding(
      'partition-table/ota-gap',
      'error',
      { entry: beyond, column: 'subtype' },
      `there is ${subtypeName(TYPE_APP, beyond.subtype)} but no ota_${missing}: the app does not see the slot, and the bootloader comes upon an empty one`,
      'Number the slots ota_0, ota_1, … without a gap.',
    ),
  ];
}

function otadata(table: PartitionTable): readonly Finding[] {
  const slots = otaSlots(table);
  const entry = findOtadata(table);
  if (entry !== null) {
    if (slots.length > 0) return [];
    return [
      finding(
        'partition-table/otadata-unused',
        'warning',
        { entry, column: 'subtype' },
        `${shownName(entry)} says which ota_N slot boots, but there is none`,
        'Add ota_0 and ota_1, or remove it.',
      ),
    ];
  }
  const [first] = slots;
  if (first === undefined || appSlots(table).length < 2) return [];
  return [
    finding(
      'partition-table/otadata-missing',
      'error',
      { entry: first, column: 'subtype' },
      `${slots.length} ota_N ${slots.length === 1 ? 'slot' : 'slots'} but no otadata: every update fails when it is to be made to boot`,
      'Add a row such as "otadata, data, ota, , 0x2000,".',
    ),
  ];
}

function single(table: PartitionTable): readonly Finding[] {
  const [only, ...others] = appSlots(table);
  if (only === undefined || others.length > 0 || otaSlotNumber(only) === null) return [];
  return [
    finding(
      'partition-table/ota-single',
      'warning',
      { entry: only, column: 'subtype' },
      `${shownName(only)} is the only app slot: the app in it cannot replace itself over the air`,
      'Add a second slot (ota_1), or make it factory.',
    ),
  ];
}

function unequal(table: PartitionTable): readonly Finding[] {
  const slots = otaSlots(table).toSorted((a, b) => a.sizeBytes - b.sizeBytes);
  const [smallest] = slots;
  const largest = slots.at(-1);
  if (smallest === undefined || largest === undefined) return [];
  if (smallest.sizeBytes === largest.sizeBytes) return [];
  return [
    finding(
      'partition-table/unequal-slots',
      'warning',
      { entry: smallest, column: 'size' },
      `${shownName(smallest)} has ${formatSize(smallest.sizeBytes)} (${formatHex(smallest.sizeBytes)}), but ${shownName(largest)} has ${formatSize(largest.sizeBytes)}: an image that fits only the larger one updates every other time`,
      'Give all ota_N slots the same size.',
    ),
  ];
}
