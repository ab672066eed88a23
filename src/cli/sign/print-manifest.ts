import { serializeManifest } from '../../fleet/index.ts';
import { EXIT } from '../exit-codes.ts';
import { writeOutputFile } from '../files.ts';
import type { Cli } from '../nouns.ts';
import { type ManifestOptions, readManifest } from './manifest-options.ts';

/** What `sign manifest` can be told. */
export interface PrintManifestOptions extends ManifestOptions {
  readonly output?: string;
  readonly force?: boolean;
}

/** Prints exactly what is signed, without a line end, since every byte counts. */
export async function printManifest(
  file: string,
  options: PrintManifestOptions,
  cli: Cli,
): Promise<void> {
  const manifest = await readManifest(file, options, cli.context);
  if (manifest === null) {
    cli.setExitCode(EXIT.input);
    return;
  }
  const bytes = serializeManifest(manifest);
  if (options.output === undefined) cli.context.stdout.write(new TextDecoder().decode(bytes));
  else await writeOutputFile(options.output, bytes, { overwrite: options.force ?? false });
}
