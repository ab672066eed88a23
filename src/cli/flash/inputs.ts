import type { FlashInput } from '../../flash/index.ts';
import { parseSize } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { readInputFile } from '../files.ts';
import { loadFlasherArgs } from '../flasher-args.ts';

/** What of the command line says what goes where. */
export interface InputOptions {
  readonly at?: string;
  readonly flasherArgs?: string;
}

/**
 * The files to flash: `FILE`, `WHERE=FILE` (a partition, a slot or an offset), and those that
 * `flasher_args.json` of an ESP-IDF build lists.
 */
export async function readInputs(
  files: readonly string[],
  { at, flasherArgs }: InputOptions,
): Promise<readonly FlashInput[]> {
  if (at !== undefined && files.length !== 1) {
    throw new CliError(
      'cli/usage',
      `--at says where one file goes, but there are ${files.length}`,
      {
        hint: 'Say it for each file: ota_0=app.bin 0x9000=nvs.bin.',
      },
    );
  }
  const inputs: FlashInput[] = [];
  for (const argument of files) {
    const { where, fileName } = split(argument, at);
    inputs.push({ fileName, bytes: await readInputFile(fileName), at: where });
  }
  if (flasherArgs !== undefined) {
    const listed = await loadFlasherArgs(flasherArgs);
    inputs.push(
      ...listed.files.map(({ flashOffset, fileName, bytes }) => ({
        fileName,
        bytes,
        at: flashOffset,
      })),
    );
  }
  if (inputs.length > 0) return inputs;
  throw new CliError('cli/usage', 'what is to be flashed?', {
    hint: 'Name files, or --flasher-args build/flasher_args.json.',
  });
}

function split(argument: string, at: string | undefined) {
  // A file may have = in its name, but then after a dot or a slash, as no partition has.
  const match = /^([^=./\\]+)=(.+)$/.exec(argument);
  const text = at ?? match?.[1];
  const fileName = at === undefined ? (match?.[2] ?? argument) : argument;
  return { where: text === undefined ? null : (parseSize(text) ?? text), fileName };
}
