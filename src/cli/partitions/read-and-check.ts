import type { Issue } from '../../shared/index.ts';
import {
  type PartitionTable,
  serializePartitionBinary,
  PartitionTableError,
  validatePartitionTable,
  verifyPartitionTable,
  lintPartitionTable,
} from '../../partition-table/index.ts';
import type { CliContext } from '../context.ts';
import { inspectPartitionFile } from '../partition-table-file.ts';
import {
  type CheckOptionValues,
  checkOptions,
  tableOptions,
  type TableOptionValues,
} from './options.ts';

/** A table as far as it could be read, and all that was found wrong. */
export interface CheckedTable {
  readonly form: 'csv' | 'binary';
  readonly table: PartitionTable | null;
  readonly issues: readonly Issue[];
}

/** Reads a table and judges it as a device does: an error where one would fail on it. */
export async function readAndCheck(
  file: string,
  options: TableOptionValues & CheckOptionValues,
  { env }: CliContext,
): Promise<CheckedTable> {
  const { form, table, issues } = await inspectPartitionFile(file, tableOptions(options, env));
  if (table === null) return { form, table, issues };
  return {
    form,
    table,
    issues: [...tooMany(table), ...validatePartitionTable(table, checkOptions(options))],
  };
}

/** Reads a table and judges it as ESP-IDF's generator does, to which the rest are warnings. */
export async function readAndVerify(
  file: string,
  options: TableOptionValues & CheckOptionValues & { readonly verify?: boolean },
  { env }: CliContext,
): Promise<CheckedTable> {
  const { form, table, issues } = await inspectPartitionFile(file, tableOptions(options, env));
  if (table === null) return { form, table, issues };
  const rules = checkOptions(options);
  const verified = verifyPartitionTable(table, rules).filter(
    // The generator still looks at the flash size where it was told not to verify.
    ({ code }) => options.verify !== false || code === 'partition-table/exceeds-flash',
  );
  const linted = lintPartitionTable(table, rules)
    .filter(({ severity }) => severity !== 'info')
    .map((issue): Issue => ({ ...issue, severity: 'warning' }));
  return { form, table, issues: [...verified, ...linted] };
}

function tooMany(table: PartitionTable): readonly Issue[] {
  try {
    serializePartitionBinary(table);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof PartitionTableError)) throw thrown;
    const { code, message, hint = '' } = thrown;
    return [{ code, severity: 'error', message, hint }];
  }
}
