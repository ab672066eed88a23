import { parseSize } from '../../shared/index.ts';
import type { ParseOptions } from '../../partition-table/index.ts';
import { CliError } from '../codes.ts';

/** What the options about reading a table come as. */
export interface TableOptionValues {
  readonly offset?: string;
  readonly primaryBootloaderOffset?: string;
  readonly recoveryBootloaderOffset?: string;
  readonly extraPartitionSubtypes?: readonly string[];
}

/** The options about reading a table, as the library takes them. */
export function tableOptions(
  values: TableOptionValues,
  env: Readonly<Record<string, string | undefined>>,
): ParseOptions {
  const offset = optionalSize('--offset', values.offset);
  const primary = optionalSize('--primary-bootloader-offset', values.primaryBootloaderOffset);
  const recovery = optionalSize('--recovery-bootloader-offset', values.recoveryBootloaderOffset);
  return {
    variables: env,
    ...(offset === undefined ? {} : { tableFlashOffset: offset }),
    ...(primary === undefined ? {} : { primaryBootloaderOffset: primary }),
    ...(recovery === undefined ? {} : { recoveryBootloaderOffset: recovery }),
    ...(values.extraPartitionSubtypes === undefined
      ? {}
      : { extraSubtypes: values.extraPartitionSubtypes }),
  };
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
