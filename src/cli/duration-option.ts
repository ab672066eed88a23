import { parseDuration } from '../shared/index.ts';
import { CliError } from './codes.ts';

/**
 * The value of an option that takes a duration, such as `90s`, in milliseconds.
 *
 * @param option as it is written: `--silence`
 * @throws CliError `cli/usage`
 */
export function durationOption(option: string, text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== null) return durationMs;
  throw new CliError('cli/usage', `${option} ${text} is no duration`, {
    hint: 'Write it with its unit, such as 500ms, 90s, 10m, 4h or 7d.',
  });
}
