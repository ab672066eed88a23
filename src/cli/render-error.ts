import { styleText } from 'node:util';
import { OtakitError, printable } from '../shared/index.ts';
import { CliError } from './codes.ts';
import { type CliContext, wantsColour } from './context.ts';

/** Anything that was thrown, as one of our errors; what is not ours on purpose is our bug. */
export function asOtakitError(thrown: unknown): OtakitError {
  if (thrown instanceof OtakitError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new CliError('cli/bug', `something went wrong inside otakit: ${message}`, {
    hint: 'Please report it, with what OTAKIT_DEBUG=1 prints.',
    cause: thrown,
  });
}

/** Writes an error for people (message, code, hint) or, with `--json`, as one line of JSON; to stderr. */
export function renderError(error: OtakitError, context: CliContext, asJson: boolean): void {
  const { stderr, env } = context;
  if (error.code === 'cli/interrupted' && !asJson) {
    stderr.write('Stopped.\n');
  } else if (asJson) {
    const { code, message, hint, details } = error;
    stderr.write(`${JSON.stringify({ error: { code, message, hint, details } })}\n`);
  } else {
    const colour = wantsColour(stderr, env);
    const label = colour ? styleText(['red', 'bold'], 'error', { validateStream: false }) : 'error';
    stderr.write(`${label} ${error.code}: ${printableLines(error.message)}\n`);
    if (error.hint !== undefined) stderr.write(`hint: ${printableLines(error.hint)}\n`);
  }
  if (env['OTAKIT_DEBUG']) {
    stderr.write(`${error.stack ?? ''}\n`);
    if (error.cause instanceof Error) stderr.write(`caused by ${error.cause.stack ?? ''}\n`);
  }
}

function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
