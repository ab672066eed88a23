import { findDifferences, locatePartition, SECTOR_BYTES } from '../../flash/index.ts';
import { alignUp, formatCount, formatHex, parseSize } from '../../shared/index.ts';
import { EXIT } from '../exit-codes.ts';
import { readInputFile } from '../files.ts';
import type { Cli } from '../nouns.ts';
import { type TableSource, tableFor } from './range.ts';
import { type PortOptions, withDevice } from './session.ts';

export interface VerifyOptions extends PortOptions, TableSource {
  readonly at: string;
  readonly json?: true;
}

/** `otakit flash verify FILE --at WHERE` */
export async function verify(file: string, options: VerifyOptions, cli: Cli): Promise<void> {
  const bytes = await readInputFile(file);
  const { flashOffset, sectors } = await withDevice(options, cli, async (device) => {
    const offset =
      parseSize(options.at) ??
      locatePartition(await tableFor(device, options, cli), options.at).flashOffset;
    return { flashOffset: offset, sectors: await differing(device, offset, bytes) };
  });
  const matches = sectors.length === 0;
  if (!matches) cli.setExitCode(EXIT.verification);
  const { stdout } = cli.context;
  if (options.json) {
    const differingSectors = sectors;
    const result = { file, flashOffset, sizeBytes: bytes.length, matches, differingSectors };
    stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const where = `${formatCount(bytes.length)} bytes at ${formatHex(flashOffset)}`;
  stdout.write(
    matches
      ? `${file}: the flash holds it, ${where}\n`
      : `${file}: ${sectors.length} of ${alignUp(bytes.length, SECTOR_BYTES) / SECTOR_BYTES} sectors differ, ${where}\n${list(sectors)}`,
  );
}

async function differing(
  device: Parameters<typeof findDifferences>[0],
  flashOffset: number,
  bytes: Uint8Array,
): Promise<readonly number[]> {
  const whole = bytes.subarray(0, bytes.length - (bytes.length % SECTOR_BYTES));
  const differs = await findDifferences(device, flashOffset, whole, { exact: true });
  const sectors = differs.flatMap((bad, index) =>
    bad ? [flashOffset + index * SECTOR_BYTES] : [],
  );
  // The end of a file that fills no sector: what lies behind it in the flash does not matter.
  const rest = bytes.subarray(whole.length);
  if (rest.length > 0) {
    const start = flashOffset + whole.length;
    const held = await device.read(start, rest.length);
    if (held.some((byte, index) => byte !== rest[index])) sectors.push(start);
  }
  return sectors;
}

const LISTED = 16;

function list(sectors: readonly number[]): string {
  const shown = sectors.slice(0, LISTED).map((offset) => `  ${formatHex(offset)}\n`);
  const more = sectors.length - shown.length;
  return shown.join('') + (more > 0 ? `  and ${more} more\n` : '');
}
