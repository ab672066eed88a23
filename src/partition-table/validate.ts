import type { Issue } from '../shared/index.ts';
import type { PartitionTableCode } from './codes.ts';
import type { PartitionTable } from './model.ts';
import { type VerifyOptions, verifyPartitionTable } from './verify.ts';

/** What a table is checked against. */
export type ValidateOptions = VerifyOptions;

/**
 * Everything that is wrong with a table that could be parsed. An error means that ESP-IDF refuses to
 * build it or that a device fails on it.
 */
export function validatePartitionTable(
  table: PartitionTable,
  options: ValidateOptions = {},
): readonly Issue<PartitionTableCode>[] {
  return verifyPartitionTable(table, options);
}
