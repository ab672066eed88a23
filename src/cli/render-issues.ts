import { styleText } from 'node:util';
import { type Issue, type IssueLocation, printable, type Severity } from '../shared/index.ts';
import { type CliContext, type OutputStream, wantsColour } from './context.ts';

const COLOUR = { error: 'red', warning: 'yellow', info: 'cyan' } as const satisfies Record<
  Severity,
  string
>;

/**
 * Lists issues for people, one line with its hint each, compiler style:
 * `partitions.csv:3:10: error partition-table/overlap: …`.
 */
export function renderIssues(
  issues: readonly Issue[],
  fileName: string,
  stream: OutputStream,
  env: CliContext['env'],
): void {
  const colour = wantsColour(stream, env);
  for (const { severity, code, message, hint, location } of issues) {
    const label = colour
      ? styleText(COLOUR[severity], severity, { validateStream: false })
      : severity;
    stream.write(`${fileName}${place(location)}: ${label} ${code}: ${printable(message)}\n`);
    stream.write(`  hint: ${printable(hint)}\n`);
  }
}

function place(location: IssueLocation | undefined): string {
  if (location === undefined) return '';
  return location.kind === 'text'
    ? `:${location.line}:${location.column}`
    : ` at 0x${location.fileOffset.toString(16)}`;
}
