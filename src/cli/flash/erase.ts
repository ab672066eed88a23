import { formatHex, formatSize } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import type { Cli } from '../nouns.ts';
import { rangeFrom, type TableSource } from './range.ts';
import { type PortOptions, withDevice } from './session.ts';

export interface EraseOptions extends PortOptions, TableSource {
  readonly all?: true;
  readonly json?: true;
}

/** `otakit flash erase WHERE [SIZE]`, `otakit flash erase --all` */
export async function erase(
  where: string | undefined,
  size: string | undefined,
  options: EraseOptions,
  cli: Cli,
): Promise<void> {
  if ((where === undefined) === (options.all === undefined)) {
    throw new CliError('cli/usage', 'what is to be erased?', {
      hint: 'Name a partition, or an offset and a size, or write --all for the whole flash.',
    });
  }
  const range = await withDevice(options, cli, async (device) => {
    if (where === undefined) {
      const whole = { flashOffset: 0, sizeBytes: device.info.flashSizeBytes };
      cli.context.stderr.write(`Erasing all ${formatSize(whole.sizeBytes)} of flash\n`);
      await device.eraseAll();
      return whole;
    }
    const found = await rangeFrom(device, where, size, options, cli);
    cli.context.stderr.write(
      `Erasing ${formatSize(found.sizeBytes)} at ${formatHex(found.flashOffset)}\n`,
    );
    await device.erase(found.flashOffset, found.sizeBytes);
    return found;
  });
  cli.context.stdout.write(
    options.json
      ? `${JSON.stringify(range, null, 2)}\n`
      : `erased ${formatSize(range.sizeBytes)} at ${formatHex(range.flashOffset)}\n`,
  );
}
