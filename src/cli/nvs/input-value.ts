import { buffer } from 'node:stream/consumers';
import { decodeValue, isSecret, type Nvs, type NvsValue } from '../../flash-data/index.ts';
import { CliError } from '../codes.ts';
import { readInputFile } from '../files.ts';
import type { Cli } from '../nouns.ts';

/** Where a value comes from. */
export interface ValueSource {
  readonly value?: string;
  readonly valueFile?: string;
  readonly stdin?: boolean;
}

/** The value to store: from the command line, a file, or standard input. */
export async function inputValue(
  nvs: Pick<Nvs, 'variables'>,
  { namespace, key }: { readonly namespace: string; readonly key: string },
  source: ValueSource,
  type: string | undefined,
  cli: Cli,
): Promise<NvsValue> {
  const raw = await rawInput(source, cli);
  const onCommandLine = source.value !== undefined;
  if (onCommandLine && isSecret({ key })) {
    cli.context.stderr.write(
      `note: the value of ${key} is now in the history of your shell; --value-file and --stdin keep it out\n`,
    );
  }
  const stored = nvs.variables.find((item) => item.namespace === namespace && item.key === key);
  const encoding = type ?? defaultEncoding(stored?.value.type, onCommandLine);
  return decodeValue({ key }, encoding, encoding === 'binary' ? raw : withoutLineEnd(raw));
}

/** As bytes from a file or standard input; exactly one of the three must be given. */
export async function rawInput(source: ValueSource, cli: Cli): Promise<Uint8Array | string> {
  const { value, valueFile, stdin = false } = source;
  const given = [value !== undefined, valueFile !== undefined, stdin].filter(Boolean).length;
  if (given !== 1) {
    throw new CliError('cli/usage', `give one value, not ${given}`, {
      hint: 'Write it after the key, or name a file with --value-file, or pipe it in with --stdin.',
    });
  }
  if (value !== undefined) return value;
  if (valueFile !== undefined) return readInputFile(valueFile);
  return new Uint8Array(await buffer(cli.context.stdin));
}

/** Text without the line end that editors and `echo` leave behind it. */
export function withoutLineEnd(raw: Uint8Array | string): Uint8Array | string {
  if (typeof raw === 'string') return raw;
  const end = raw.at(-1) === 0x0a ? (raw.at(-2) === 0x0d ? -2 : -1) : raw.length;
  return raw.slice(0, end);
}

/** What the key has now; for a new one text. */
function defaultEncoding(stored: NvsValue['type'] | undefined, onCommandLine: boolean): string {
  if (stored !== 'blob') return stored ?? 'string';
  return onCommandLine ? 'hex2bin' : 'binary';
}
