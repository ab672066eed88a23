import { markOtadata, type RecordIndex, type WritableState } from '../../flash-data/index.ts';
import { CliError } from '../codes.ts';
import type { Cli } from '../nouns.ts';
import { type EditOptions, editOtadata } from './otadata-file.ts';

/** What `otadata mark` can be told. */
export interface MarkOptions extends EditOptions {
  readonly state: string;
  readonly record?: string;
}

const STATES: readonly WritableState[] = [
  'new',
  'pending-verify',
  'valid',
  'invalid',
  'aborted',
  'undefined',
];

/** Sets the state of a record. */
export async function mark(file: string, options: MarkOptions, cli: Cli): Promise<void> {
  const state = STATES.find((name) => name === options.state);
  if (state === undefined) {
    throw new CliError('cli/usage', `"${options.state}" is no state of an otadata record`, {
      hint: `Choose one of: ${STATES.join(', ')}.`,
    });
  }
  const record = options.record === undefined ? undefined : recordIndex(options.record);
  await editOtadata(file, options, cli, (otadata) => markOtadata(otadata, state, record));
}

function recordIndex(text: string): RecordIndex {
  if (text === '0') return 0;
  if (text === '1') return 1;
  throw new CliError('cli/usage', `there is no record "${text}"`, { hint: 'Name record 0 or 1.' });
}
