import { inspectPartitionTable, type PartitionTable } from '../../partition-table/index.ts';
import type { Blueprint } from './blueprint.ts';

/** The table of a blueprint, which was accepted when the blueprint was made. */
export function tableOf({ partitionTable }: Pick<Blueprint, 'partitionTable'>): PartitionTable {
  const { table } = inspectPartitionTable(new TextEncoder().encode(partitionTable));
  if (table === null) throw new Error('a blueprint has a table that cannot be read');
  return table;
}
