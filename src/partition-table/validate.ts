import type { ChipName } from '../chips/index.ts';
import type { Finding } from './finding.ts';
import { lintCsv } from './lint-csv.ts';
import { lintEntries } from './lint-entries.ts';
import { lintNames } from './lint-names.ts';
import { lintSlots } from './lint-slots.ts';
import type { PartitionTable } from './model.ts';
import { type VerifyOptions, verifyPartitionTable } from './verify.ts';

/** What a table is checked against. */
export interface ValidateOptions extends VerifyOptions {
  /** The chip that it is for; rules that differ by chip are lenient without. */
  readonly chip?: ChipName;
}

/**
 * Everything that is wrong with a table that could be parsed. An error means that ESP-IDF refuses to
 * build it or that a device fails on it; a warning that it works, but likely not as meant.
 */
export function validatePartitionTable(
  table: PartitionTable,
  options: ValidateOptions = {},
): readonly Finding[] {
  return [...verifyPartitionTable(table, options), ...lintPartitionTable(table, options)];
}

/** The part of {@link validatePartitionTable} that ESP-IDF's `gen_esp32part.py` does not refuse. */
export function lintPartitionTable(
  table: PartitionTable,
  { chip }: Pick<ValidateOptions, 'chip'> = {},
): readonly Finding[] {
  return [...lintCsv(table), ...lintSlots(table), ...lintNames(table), ...lintEntries(table, chip)];
}
