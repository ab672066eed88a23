import { hasErrors } from '../../shared/index.ts';
import { serializePartitionCsv } from '../../partition-table/index.ts';
import { EXIT } from '../exit-codes.ts';
import { writeOutputFile } from '../files.ts';
import type { Cli } from '../nouns.ts';
import { renderIssues } from '../render-issues.ts';
import type { CheckOptionValues, TableOptionValues } from './options.ts';
import { readAndVerify } from './read-and-check.ts';

/** What `partitions csv` can be told. */
export interface CsvOptions extends TableOptionValues, CheckOptionValues {
  readonly output?: string;
  readonly verify: boolean;
  readonly force?: boolean;
}

/** Prints or writes a table as CSV, the same text as `gen_esp32part.py`. */
export async function csv(file: string, options: CsvOptions, cli: Cli): Promise<void> {
  const { context } = cli;
  const { table, issues } = await readAndVerify(file, options, context);
  renderIssues(issues, file, context.stderr, context.env);
  if (table === null || hasErrors(issues)) {
    cli.setExitCode(EXIT.input);
    return;
  }
  const extraSubtypes = options.extraPartitionSubtypes ?? [];
  const text = serializePartitionCsv(table, { extraSubtypes });
  if (options.output === undefined) context.stdout.write(text);
  else await writeOutputFile(options.output, text, { overwrite: options.force ?? false });
}
