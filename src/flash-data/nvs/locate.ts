import { type ByteSource, formatHex, readUpTo } from '../../shared/index.ts';
import { NvsError } from '../codes.ts';
import type { BootPartition, BootTable } from '../otadata/boot-slots.ts';
import { looksLikeNvs } from './inspect.ts';
import { PAGE_SIZE_BYTES } from './layout.ts';

const DATA_TYPE = 0x01;
const NVS_SUBTYPE = 0x02;

/** Where an NVS partition lies in a file. */
export interface NvsPlace {
  readonly fileOffset: number;
  readonly sizeBytes: number;
}

/**
 * Where NVS lies in a file: with a table at its entry (the first of type nvs, or the one of that
 * name), unless the file is just as long as that entry; without one the file must be NVS itself.
 *
 * @throws NvsError `nvs/not-nvs`
 */
export async function locateNvs(
  source: ByteSource,
  table: BootTable | null,
  name?: string,
): Promise<NvsPlace> {
  const whole = { fileOffset: 0, sizeBytes: source.sizeBytes };
  if (table === null) {
    const start = await readUpTo(source, 0, 4 * PAGE_SIZE_BYTES);
    if (looksLikeNvs(start) || start.every((byte) => byte === 0xff)) return whole;
    throw notNvs(
      'the file does not begin with an NVS page',
      'For a merged image or a flash dump give the partition table with --partitions.',
    );
  }
  const entry = nvsEntry(table, name);
  if (source.sizeBytes === entry.sizeBytes) return whole;
  const { flashOffset: fileOffset, sizeBytes } = entry;
  if (fileOffset + sizeBytes <= source.sizeBytes) return { fileOffset, sizeBytes };
  throw notNvs(
    `the table has NVS at ${formatHex(fileOffset)} to ${formatHex(fileOffset + sizeBytes)}, but the file has ${formatHex(source.sizeBytes)} bytes`,
    'Give a dump of that partition, or a file that starts at flash offset 0 and reaches past it.',
  );
}

function nvsEntry({ entries }: BootTable, name: string | undefined): BootPartition {
  const candidates = entries.filter(
    ({ type, subtype }) => type === DATA_TYPE && subtype === NVS_SUBTYPE,
  );
  const entry = name === undefined ? candidates[0] : entries.find((other) => other.name === name);
  if (entry !== undefined) return entry;
  throw notNvs(
    name === undefined
      ? 'the partition table has no entry of type nvs'
      : `the partition table has no entry "${name}"`,
    candidates.length > 0
      ? `Choose one of: ${candidates.map((other) => other.name).join(', ')}.`
      : 'Add a row `nvs, data, nvs, , 0x4000` to the partition table.',
  );
}

function notNvs(message: string, hint: string): NvsError {
  return new NvsError('nvs/not-nvs', message, { hint });
}
