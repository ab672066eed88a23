import { basename } from 'node:path';
import type { CliContext } from '../context.ts';
import { readInputFile } from '../files.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { change } from '../fleet/verb.ts';

/** What `key add` takes. */
export interface AddOptions extends CommonOptions {
  readonly name?: string;
}

/** `otakit key add`: the file as `otakit sign keygen` names it is name enough. */
export async function add(file: string, options: AddOptions, context: CliContext): Promise<void> {
  const publicKey = new TextDecoder().decode(await readInputFile(file));
  const name = options.name ?? basename(file).replace(/(?:\.pub)?\.(?:pem|key)$/, '');
  await change('post', '/keys', { name, publicKey }, options, context);
}
