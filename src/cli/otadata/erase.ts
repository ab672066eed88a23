import { eraseOtadata } from '../../flash-data/index.ts';
import type { Cli } from '../nouns.ts';
import { type EditOptions, editOtadata } from './otadata-file.ts';

/** What `otadata erase` can be told. */
export type EraseOptions = EditOptions;

/** Blanks both records. */
export async function erase(file: string, options: EraseOptions, cli: Cli): Promise<void> {
  await editOtadata(file, options, cli, eraseOtadata);
}
