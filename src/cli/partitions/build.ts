import { hasErrors } from '../../shared/index.ts';
import { serializePartitionBinary } from '../../partition-table/index.ts';
import { EXIT } from '../exit-codes.ts';
import { writeOutputFile } from '../files.ts';
import type { Cli } from '../nouns.ts';
import { renderIssues } from '../render-issues.ts';
import type { CheckOptionValues, TableOptionValues } from './options.ts';
import { readAndVerify } from './read-and-check.ts';

/** What `partitions build` can be told. */
export interface BuildOptions extends TableOptionValues, CheckOptionValues {
  readonly output: string;
  /** False for `--no-md5`. */
  readonly md5: boolean;
  /** False for `--no-verify`. */
  readonly verify: boolean;
  readonly force?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Writes the binary table of a CSV, the same bytes as `gen_esp32part.py`. */
export async function build(file: string, options: BuildOptions, cli: Cli): Promise<void> {
  const { context } = cli;
  const { form, table, issues } = await readAndVerify(file, options, context);
  const ok = table !== null && !hasErrors(issues);
  const bytes = ok ? serializePartitionBinary(table, { md5: options.md5 }) : null;
  if (bytes === null) cli.setExitCode(EXIT.input);
  else await writeOutputFile(options.output, bytes, { overwrite: options.force ?? false });
  if (options.json) {
    const report = { file, form, ok, output: ok ? options.output : null, issues };
    context.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const shown = options.quiet && ok ? [] : issues;
  renderIssues(shown, file, context.stderr, context.env);
  if (ok && !options.quiet) {
    context.stderr.write(`${options.output}: ${table.entries.length} entries written\n`);
  }
}
