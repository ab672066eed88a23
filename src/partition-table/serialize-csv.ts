import { decodeCString, formatHex } from '../shared/index.ts';
import { PartitionTableError } from './codes.ts';
import type { PartitionEntry, PartitionTable } from './model.ts';
import { LINE_ENDING, strip } from './python-text.ts';
import { nameOf, subtypeNames, type SubtypeNames, TYPE_NAMES } from './types.ts';

/** How to write a CSV. */
export interface SerializeCsvOptions {
  /** Subtype names of the project, each as `app, my_name, 0x40`. */
  readonly extraSubtypes?: readonly string[];
}

/**
 * A table as CSV, character for character what `gen_esp32part.py` writes for it: offsets in
 * hexadecimal, sizes in K or M where they are round. For the author's own text use
 * `serializeCsvDocument(table.document)`.
 *
 * @throws PartitionTableError `partition-table/not-in-csv` where a name cannot stand in a CSV
 */
export function serializePartitionCsv(
  table: PartitionTable,
  { extraSubtypes = [] }: SerializeCsvOptions = {},
): string {
  const names = subtypeNames(extraSubtypes);
  const rows = table.entries.map((entry) => csvRow(entry, names));
  return `${['# ESP-IDF Partition Table', '# Name, Type, SubType, Offset, Size, Flags', ...rows].join('\n')}\n`;
}

function csvRow(entry: PartitionEntry, names: SubtypeNames): string {
  assertWritable(entry);
  const { name, type, subtype, flashOffset, sizeBytes, encrypted, readonly } = entry;
  const flags = [...(encrypted ? ['encrypted'] : []), ...(readonly ? ['readonly'] : [])];
  return [
    name,
    nameOf(TYPE_NAMES, type) ?? String(type),
    nameOf(names.get(type), subtype) ?? String(subtype),
    formatHex(flashOffset),
    csvSize(sizeBytes),
    flags.join(':'),
  ].join(',');
}

/** `1M`, `24K` or `0x12ff`, as a CSV has sizes. */
export function csvSize(sizeBytes: number): string {
  if (sizeBytes % 0x100000 === 0) return `${sizeBytes / 0x100000}M`;
  if (sizeBytes % 0x400 === 0) return `${sizeBytes / 0x400}K`;
  return formatHex(sizeBytes);
}

function assertWritable({ name, rawName, flashOffset }: PartitionEntry): void {
  const cut = name.includes(',') || new RegExp(LINE_ENDING.source).test(name);
  const noText = rawName !== undefined && decodeCString(rawName) === null;
  if (!cut && !noText && strip(name) === name && !name.startsWith('#')) return;
  throw new PartitionTableError(
    'partition-table/not-in-csv',
    `The name "${name}" of the entry at ${formatHex(flashOffset)} cannot be written in a CSV`,
    {
      hint: 'A CSV has no quotes: names hold no comma, no line break, no blank at their ends, no # at their start, and only UTF-8. Keep the binary table, or rename the entry.',
      details: { name, flashOffset },
    },
  );
}
