import { formatCount, formatHex, systemClock } from '../../shared/index.ts';
import { checkOutputFile, writeOutputFile } from '../files.ts';
import { createProgressBar } from '../progress-bar.ts';
import type { Cli } from '../nouns.ts';
import { rangeFrom, type TableSource } from './range.ts';
import { type PortOptions, withDevice } from './session.ts';

export interface ReadOptions extends PortOptions, TableSource {
  readonly output: string;
  readonly force?: true;
  readonly json?: true;
}

/** `otakit flash read WHERE [SIZE] -o FILE` */
export async function read(
  where: string,
  size: string | undefined,
  options: ReadOptions,
  cli: Cli,
): Promise<void> {
  const { stdout, stderr } = cli.context;
  // Reading takes minutes, which are lost where the file cannot be written.
  const overwrite = options.force === true;
  await checkOutputFile(options.output, { overwrite });
  const progress = createProgressBar(stderr, systemClock);
  const { range, bytes } = await withDevice(options, cli, async (device) => {
    const found = await rangeFrom(device, where, size, options, cli);
    const content = await device.read(found.flashOffset, found.sizeBytes, (doneBytes) =>
      progress.onProgress({ phase: 'read', doneBytes, totalBytes: found.sizeBytes }),
    );
    return { range: found, bytes: content };
  }).finally(() => progress.finish());
  await writeOutputFile(options.output, bytes, { overwrite });
  stdout.write(
    options.json
      ? `${JSON.stringify({ file: options.output, ...range }, null, 2)}\n`
      : `${options.output}: ${formatCount(range.sizeBytes)} bytes from ${formatHex(range.flashOffset)}\n`,
  );
}
