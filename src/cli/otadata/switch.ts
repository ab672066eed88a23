import { eraseOtadata, switchOtadata, type SwitchOptions } from '../../flash-data/index.ts';
import { CliError } from '../codes.ts';
import type { Cli } from '../nouns.ts';
import { type EditOptions, editOtadata } from './otadata-file.ts';

/** What `otadata switch` can be told. */
export interface SwitchCommandOptions extends EditOptions {
  readonly slot: string;
  readonly rollback?: boolean;
  readonly state?: string;
}

/** Writes the record that starts another slot. */
export async function switchSlot(
  file: string,
  options: SwitchCommandOptions,
  cli: Cli,
): Promise<void> {
  const { slot, rollback = false, state } = options;
  const switchOptions: SwitchOptions = {
    rollback,
    ...(state === undefined ? {} : { state: switchState(state) }),
  };
  await editOtadata(file, { ...options, rollback }, cli, (otadata, table) => {
    if (table !== null) return switchOtadata(otadata, table, slot, switchOptions);
    // Only to the factory app the way is the same in every table.
    if (slot === 'factory') return eraseOtadata();
    throw new CliError('cli/usage', `${file} is otadata alone, without a partition table`, {
      hint: 'Name the table, which says how many slots there are: --partitions partitions.csv.',
    });
  });
}

function switchState(text: string): 'new' | 'valid' | 'undefined' {
  if (text === 'new' || text === 'valid' || text === 'undefined') return text;
  throw new CliError('cli/usage', `a slot cannot be switched to in state "${text}"`, {
    hint: 'Choose one of: new, valid, undefined.',
  });
}
