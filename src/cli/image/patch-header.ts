import { type FlashSettings, patchImageHeader } from '../../app-image/index.ts';
import { readInputFile, writeOutputFile } from '../files.ts';
import type { Cli } from '../nouns.ts';

/** Flash settings as options; `keep` is accepted for what esptool calls so. */
export interface FlashSettingArguments {
  readonly flashMode?: string;
  readonly flashFreq?: string;
  readonly flashSize?: string;
}

export interface PatchArguments extends FlashSettingArguments {
  readonly output: string;
  readonly force?: true;
}

/** `otakit image patch-header FILE -o OUT` */
export async function patchHeader(
  path: string,
  options: PatchArguments,
  { context }: Cli,
): Promise<void> {
  const image = await readInputFile(path);
  const patched = await patchImageHeader(image, flashSettings(options));
  await writeOutputFile(options.output, patched, { overwrite: options.force === true });
  context.stdout.write(`${options.output}: ${patched.length} bytes\n`);
}

/** The settings that were given, in the library's shape. */
export function flashSettings(options: FlashSettingArguments): FlashSettings {
  const given = (value: string | undefined) => value !== undefined && value !== 'keep';
  return {
    ...(given(options.flashMode) ? { mode: options.flashMode } : {}),
    ...(given(options.flashFreq) ? { frequency: options.flashFreq } : {}),
    ...(given(options.flashSize) ? { size: options.flashSize } : {}),
  };
}
