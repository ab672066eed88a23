import { deleteNvsValue, setNvsValue } from '../../flash-data/index.ts';
import type { Cli } from '../nouns.ts';
import { inputValue, type ValueSource } from './input-value.ts';
import type { KeyOptions } from './key-options.ts';
import { editNvs, type OutputOptions, type PlaceOptions, readNvs } from './nvs-file.ts';

/** What `nvs set` can be told. */
export interface SetOptions extends PlaceOptions, KeyOptions, OutputOptions {
  readonly type?: string;
  readonly valueFile?: string;
  readonly stdin?: boolean;
}

/** Stores a value in an image as the device would. */
export async function set(
  file: string,
  namespace: string,
  key: string,
  value: string | undefined,
  options: SetOptions,
  cli: Cli,
): Promise<void> {
  const { type, valueFile, stdin } = options;
  const source: ValueSource = {
    ...(value === undefined ? {} : { value }),
    ...(valueFile === undefined ? {} : { valueFile }),
    ...(stdin === undefined ? {} : { stdin }),
  };
  const nvs = await readNvs(file, options, cli.context.env);
  const parsed = await inputValue(nvs, { namespace, key }, source, type, cli);
  const changed = await editNvs(file, options, cli, (current) =>
    setNvsValue(current, namespace, key, parsed),
  );
  const done = changed ? 'set' : 'has that value already';
  cli.context.stdout.write(`${options.output ?? file}: ${namespace} ${key} ${done}\n`);
}

/** What `nvs delete` can be told. */
export type DeleteOptions = PlaceOptions & KeyOptions & OutputOptions;

/** Erases a value in an image as the device would. */
export async function remove(
  file: string,
  namespace: string,
  key: string,
  options: DeleteOptions,
  cli: Cli,
): Promise<void> {
  await editNvs(file, options, cli, (nvs) => deleteNvsValue(nvs, namespace, key));
  cli.context.stdout.write(`${options.output ?? file}: ${namespace} ${key} deleted\n`);
}
