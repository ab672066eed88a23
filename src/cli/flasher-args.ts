import { dirname, join } from 'node:path';
import { type FlasherArgs, parseFlasherArgs } from '../app-image/index.ts';
import { readInputFile } from './files.ts';

/** `flasher_args.json` with the files that it lists. */
export interface LoadedFlasherArgs extends FlasherArgs {
  readonly files: readonly {
    readonly flashOffset: number;
    /** As it is listed. */
    readonly path: string;
    /** Where it is. */
    readonly fileName: string;
    readonly bytes: Uint8Array<ArrayBuffer>;
  }[];
}

/**
 * Reads `flasher_args.json` and all files that it lists.
 *
 * @throws AppImageError `app-image/bad-flasher-args`, CliError `cli/file-not-readable`
 */
export async function loadFlasherArgs(path: string): Promise<LoadedFlasherArgs> {
  const args = parseFlasherArgs(new TextDecoder().decode(await readInputFile(path)), path);
  const files = await Promise.all(
    args.files.map(async (file) => {
      const fileName = join(dirname(path), file.path);
      return { ...file, fileName, bytes: await readInputFile(fileName) };
    }),
  );
  return { ...args, files };
}
