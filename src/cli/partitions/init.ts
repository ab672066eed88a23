import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { formatSize } from '../../shared/index.ts';
import {
  FLASH_SIZES_BYTES,
  fitPreset,
  parsePartitionTable,
  type PartitionTable,
  smallestFlashBytes,
} from '../../partition-table/index.ts';
import { parseAppImage } from '../../app-image/index.ts';
import { CliError } from '../codes.ts';
import { openInputFile, readInputFile, writeOutputFile } from '../files.ts';
import type { Cli } from '../nouns.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import { optionalSize } from './options.ts';

/** What `partitions init` can be told. */
export interface InitOptions {
  readonly flashSize?: string;
  readonly image?: string;
  readonly factory?: boolean;
  readonly list?: boolean;
  readonly output: string;
  readonly force?: boolean;
}

const PRESETS = new URL('partitions/', PACKAGE_ROOT);
const SMALLEST_PRESET_BYTES = 2 * 1024 * 1024;
const LARGEST_PRESET_BYTES = 32 * 1024 * 1024;

/** Writes a preset as CSV, fitted to a flash and an image. */
export async function init(
  presetName: string | undefined,
  options: InitOptions,
  cli: Cli,
): Promise<void> {
  const { stdout, stderr } = cli.context;
  if (options.list) {
    stdout.write(await presetList());
    return;
  }
  const flashOption = optionalSize('--flash-size', options.flashSize);
  const name = presetName ?? presetFor(flashOption, options.factory ?? false);
  const preset = await readPreset(name);
  const flashSizeBytes = flashOption ?? smallestFlashBytes(preset) ?? LARGEST_PRESET_BYTES;
  const imageBytes = options.image === undefined ? 0 : await imageSize(options.image);
  const { text, slotBytes, changed } = fitPreset(preset, { flashSizeBytes, imageBytes });
  if (options.output === '-') stdout.write(text);
  else await writeOutputFile(options.output, text, { overwrite: options.force ?? false });
  const used =
    imageBytes === 0
      ? ''
      : `; the image fills ${Math.round((imageBytes / slotBytes) * 100)} % of one`;
  stderr.write(
    `${options.output === '-' ? name : options.output}: ${name}${changed ? ', fitted' : ''}, app slots of ${formatSize(slotBytes)}${used}\n`,
  );
}

function presetFor(flashSizeBytes: number | undefined, factory: boolean): string {
  if (flashSizeBytes === undefined) {
    throw new CliError('cli/usage', 'say for what flash the table is, or name a preset', {
      hint: 'Add --flash-size 4MB, or see otakit partitions init --list.',
    });
  }
  const fitting = FLASH_SIZES_BYTES.findLast(
    (size) => size <= flashSizeBytes && size <= LARGEST_PRESET_BYTES,
  );
  if (fitting === undefined || fitting < SMALLEST_PRESET_BYTES) {
    throw new CliError(
      'cli/usage',
      `${formatSize(flashSizeBytes)} of flash are too few for two slots`,
      {
        hint: 'Updates over the air need 2 MB at least.',
      },
    );
  }
  return `ota-${factory ? 'factory-' : ''}${fitting / (1024 * 1024)}mb`;
}

async function readPreset(name: string): Promise<PartitionTable> {
  const names = await presetNames();
  if (!names.includes(name)) {
    throw new CliError('cli/usage', `there is no preset ${name}`, {
      hint: `Choose one of ${names.join(', ')}.`,
    });
  }
  return parsePartitionTable(await readInputFile(presetPath(name)));
}

async function presetNames(): Promise<readonly string[]> {
  const files = await readdir(PRESETS);
  return files
    .filter((file) => file.endsWith('.csv'))
    .map((file) => file.slice(0, -'.csv'.length))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function presetPath(name: string): string {
  return fileURLToPath(new URL(`${name}.csv`, PRESETS));
}

/** Each preset with the first line of its own words. */
async function presetList(): Promise<string> {
  const names = await presetNames();
  const width = Math.max(...names.map(({ length }) => length));
  const lines = names.map(async (name) => {
    const text = new TextDecoder().decode(await readInputFile(presetPath(name)));
    return `${name.padEnd(width)}  ${text.slice(2, text.indexOf('\n'))}\n`;
  });
  return (await Promise.all(lines)).join('');
}

async function imageSize(path: string): Promise<number> {
  await using source = await openInputFile(path);
  await parseAppImage(source);
  return source.sizeBytes;
}
