import { findVariable, isSecret, valueText } from '../../flash-data/index.ts';
import { CliError } from '../codes.ts';
import { writeOutputFile } from '../files.ts';
import { toJson } from '../json.ts';
import type { Cli } from '../nouns.ts';
import type { KeyOptions } from './key-options.ts';
import { type OutputOptions, type PlaceOptions, readNvs } from './nvs-file.ts';
import { jsonVariable } from './value-text.ts';

/** What `nvs get` can be told. */
export interface GetOptions extends PlaceOptions, KeyOptions, OutputOptions {
  readonly reveal?: boolean;
  readonly json?: boolean;
}

/** Prints one value, or writes its bytes to a file. */
export async function get(
  file: string,
  namespace: string,
  key: string,
  options: GetOptions,
  cli: Cli,
): Promise<void> {
  const { stdout, env } = cli.context;
  const nvs = await readNvs(file, options, env);
  const variable = findVariable(nvs.variables, namespace, key);
  const { value } = variable;
  const { output, force = false, reveal = false, json = false } = options;
  if (output !== undefined) {
    const content = value.type === 'blob' ? value.bytes : valueText(value);
    await writeOutputFile(output, content, { overwrite: force });
    return;
  }
  if (json) {
    stdout.write(toJson(jsonVariable(variable, reveal)));
    return;
  }
  if (isSecret(variable) && !reveal) {
    throw new CliError('cli/usage', `"${key}" looks like a secret and is not shown`, {
      hint: 'Add --reveal, or write it to a file with -o.',
      details: { namespace, key },
    });
  }
  stdout.write(`${valueText(value)}\n`);
}
