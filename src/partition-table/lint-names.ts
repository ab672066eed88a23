import { decodeCString, formatHex, printable } from '../shared/index.ts';
import { type Finding, finding } from './finding.ts';
import { NAME_BYTES, type PartitionEntry, type PartitionTable, shownName } from './model.ts';
import { nameField } from './parse-binary.ts';
import { SUBTYPE_NAMES, subtypeName, TYPE_NAMES, typeName } from './types.ts';

/** What is wrong with the names: what a device makes of them, and what they pretend. */
export function lintNames(table: PartitionTable): readonly Finding[] {
  return [...table.entries.flatMap(lintName), ...collisions(table)];
}

function lintName(entry: PartitionEntry): readonly Finding[] {
  const at = { entry, column: 'name' as const };
  const shown = shownName(entry);
  const lengthBytes = new TextEncoder().encode(entry.name).length;
  const field = entry.rawName ?? nameField(entry.name);
  const whole = entry.rawName === undefined && lengthBytes <= NAME_BYTES;
  const kept = whole ? entry.name : decodeCString(field);
  const found = misleading(entry);
  if (entry.name === '') {
    found.push(
      finding(
        'partition-table/name-empty',
        'warning',
        at,
        `the entry at ${formatHex(entry.flashOffset)} has no name, so no program can find it by one`,
        'Name it.',
      ),
    );
  }
  if (printable(entry.name) !== entry.name) {
    found.push(
      finding(
        'partition-table/name-control-characters',
        'warning',
        at,
        `the name ${shown} has control characters, which a log prints as they are`,
        'Use letters, digits and underscores.',
      ),
    );
  }
  if (kept === null) {
    found.push(
      finding(
        'partition-table/name-not-utf8',
        'warning',
        at,
        `the name ${shown} is not UTF-8 in the ${NAME_BYTES} bytes that a device keeps; gen_esp32part.py cannot read it back`,
        'Use a shorter name, best of letters, digits and underscores.',
      ),
    );
  } else if (lengthBytes > NAME_BYTES) {
    found.push(
      finding(
        'partition-table/name-too-long',
        'warning',
        at,
        `the name ${shown} has ${lengthBytes} bytes; the device keeps ${NAME_BYTES} of them: ${printable(kept)}`,
        `Shorten it to ${NAME_BYTES - 1} bytes; programs that look for the whole name find nothing.`,
      ),
    );
  } else if (!field.includes(0)) {
    found.push(
      finding(
        'partition-table/name-unterminated',
        'warning',
        at,
        `the name ${shown} fills all ${NAME_BYTES} bytes and leaves none for the final NUL`,
        `Shorten it to ${NAME_BYTES - 1} bytes, which is what ESP-IDF documents.`,
      ),
    );
  }
  return found;
}

/** A name that is a type or subtype, but not the entry's: mostly a slip of columns. */
function misleading(entry: PartitionEntry): Finding[] {
  const { name, type, subtype } = entry;
  const shown = `${typeName(type)}/${subtypeName(type, subtype)}`;
  const found: Finding[] = [];
  const warn = (what: string) =>
    finding(
      'partition-table/misleading-name',
      'warning',
      { entry, column: 'name' },
      `the entry is named ${name}, which is a ${what}, but it is ${shown}`,
      'Check the columns, or rename it.',
    );
  const namedType = TYPE_NAMES.get(name);
  if (namedType !== undefined && namedType !== type) found.push(warn('type'));
  const isSubtypeName = [...SUBTYPE_NAMES.values()].some((names) => names.has(name));
  if (isSubtypeName && SUBTYPE_NAMES.get(type)?.get(name) !== subtype) found.push(warn('subtype'));
  return found;
}

/** Names that differ in a CSV but not on a device. */
function collisions(table: PartitionTable): readonly Finding[] {
  const first = new Map<string, PartitionEntry>();
  return table.entries.flatMap((entry) => {
    const field = String.fromCharCode(...(entry.rawName ?? nameField(entry.name)));
    const earlier = first.get(field);
    if (earlier === undefined) {
      first.set(field, entry);
      return [];
    }
    if (earlier.name === entry.name) return [];
    return [
      finding(
        'partition-table/name-collision',
        'error',
        { entry, column: 'name' },
        `${shownName(entry)} and ${shownName(earlier)} are the same in the ${NAME_BYTES} bytes that a device keeps; it finds only the first`,
        'Make them differ in the first 15 bytes.',
      ),
    ];
  });
}
