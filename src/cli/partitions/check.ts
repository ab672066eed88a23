import { hasErrors, type Issue } from '../../shared/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Cli } from '../nouns.ts';
import { renderIssues } from '../render-issues.ts';
import type { CheckOptionValues, TableOptionValues } from './options.ts';
import { readAndCheck } from './read-and-check.ts';

/** What `partitions check` can be told. */
export interface CheckCommandOptions extends TableOptionValues, CheckOptionValues {
  readonly json?: boolean;
}

/** Lists everything that is wrong with a table; exit code 3 where a device would fail on it. */
export async function check(file: string, options: CheckCommandOptions, cli: Cli): Promise<void> {
  const { context } = cli;
  const { form, table, issues } = await readAndCheck(file, options, context);
  const ok = !hasErrors(issues);
  if (!ok) cli.setExitCode(EXIT.input);
  if (options.json) {
    const entries = table?.entries.length ?? null;
    context.stdout.write(`${JSON.stringify({ file, form, ok, entries, issues }, null, 2)}\n`);
    return;
  }
  renderIssues(issues, file, context.stdout, context.env);
  context.stdout.write(`${file}: ${ok ? 'ok' : 'refused'}${tally(issues)}\n`);
}

function tally(issues: readonly Issue[]): string {
  const counts = (['error', 'warning', 'info'] as const)
    .map((severity) => ({
      severity,
      count: issues.filter((issue) => issue.severity === severity).length,
    }))
    .filter(({ count }) => count > 0)
    .map(
      ({ severity, count }) => `${count} ${severity}${count > 1 && severity !== 'info' ? 's' : ''}`,
    );
  return counts.length === 0 ? '' : `, ${counts.join(', ')}`;
}
