import type {
  ParseOptions,
  SecureBootVersion,
  ValidateOptions,
} from '../../partition-table/index.ts';
import { parseSize } from '../../shared/index.ts';
import { chipOption } from '../chip-option.ts';
import { CliError } from '../codes.ts';

/** What the options about reading a table come as. */
export interface TableOptionValues {
  readonly offset?: string;
  readonly primaryBootloaderOffset?: string;
  readonly recoveryBootloaderOffset?: string;
  readonly extraPartitionSubtypes?: readonly string[];
}

/** What the options about checking a table come as. */
export interface CheckOptionValues {
  readonly flashSize?: string;
  readonly chip?: string;
  /** `true` for `--secure` alone, which means v1. */
  readonly secure?: string | true;
}

/** The options about reading a table, as the library takes them. */
export function tableOptions(
  values: TableOptionValues,
  env: Readonly<Record<string, string | undefined>>,
): ParseOptions {
  return {
    variables: env,
    ...given('tableFlashOffset', optionalSize('--offset', values.offset)),
    ...given(
      'primaryBootloaderOffset',
      optionalSize('--primary-bootloader-offset', values.primaryBootloaderOffset),
    ),
    ...given(
      'recoveryBootloaderOffset',
      optionalSize('--recovery-bootloader-offset', values.recoveryBootloaderOffset),
    ),
    ...given('extraSubtypes', values.extraPartitionSubtypes),
  };
}

/** The options about checking a table, as the library takes them. */
export function checkOptions({ flashSize, chip, secure }: CheckOptionValues): ValidateOptions {
  return {
    ...given('flashSizeBytes', optionalSize('--flash-size', flashSize)),
    ...given('chip', chip === undefined ? undefined : chipOption(chip)),
    ...given('secure', secure === undefined ? undefined : secureOption(secure)),
  };
}

/** A property that is there only where it has a value, as optional properties must be. */
function given<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value };
}

/** A size or offset from the command line (`4MB`, `0x8000`), or `undefined` where it was not given. */
export function optionalSize(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = parseSize(text);
  if (value !== null) return value;
  throw new CliError('cli/usage', `${option} ${text} is not a size`, {
    hint: 'Write a number of bytes, 0x8000, 64K or 4MB.',
    details: { option, text },
  });
}

function secureOption(text: string | true): SecureBootVersion {
  if (text === true) return 'v1';
  if (text === 'v1' || text === 'v2') return text;
  throw new CliError('cli/usage', `--secure ${text} is no version of secure boot`, {
    hint: 'Write --secure v1 or --secure v2.',
    details: { text },
  });
}
