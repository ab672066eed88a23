import { type FromElfOptions, imageFromElf, SPI_MODES } from '../../app-image/index.ts';
import { type Chip, chipByName } from '../../chips/index.ts';
import { formatCount, parseSize } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { readInputFile, writeOutputFile } from '../files.ts';
import { toJson } from '../json.ts';
import type { Cli } from '../nouns.ts';
import { chipOption } from '../chip-option.ts';
import { revisionOption } from './check.ts';

export interface FromElfArguments {
  readonly output: string;
  readonly chip: string;
  readonly flashMode: string;
  readonly flashFreq?: string;
  readonly flashSize: string;
  readonly minRev?: string;
  readonly maxRev?: string;
  readonly elfSha256Offset?: string;
  readonly mmuPageSize?: string;
  readonly use: NonNullable<FromElfOptions['use']>;
  readonly hash: boolean;
  readonly force?: true;
  readonly json?: true;
}

/** `otakit image from-elf FILE -o OUT --chip CHIP` */
export async function fromElf(
  path: string,
  options: FromElfArguments,
  { context }: Cli,
): Promise<void> {
  const chip = chipByName(chipOption(options.chip));
  const { minRev, maxRev, elfSha256Offset, mmuPageSize, flashFreq } = options;
  const { image, used, elfSha256 } = await imageFromElf(await readInputFile(path), {
    chip: chip.name,
    spiMode: oneOf(
      'flash mode',
      SPI_MODES.map((name, mode) => [mode, name] as const),
      options.flashMode,
    ),
    flashSize: oneOf('flash size', chip.flashSizes, options.flashSize),
    flashFrequency:
      flashFreq === undefined ? 0 : oneOf('flash frequency', chip.flashFrequencies, flashFreq),
    use: options.use,
    appendHash: options.hash,
    ...(minRev === undefined ? {} : { minChipRevision: revisionOption(minRev) }),
    ...(maxRev === undefined ? {} : { maxChipRevision: revisionOption(maxRev) }),
    ...(mmuPageSize === undefined ? {} : { mmuPageSizeBytes: pageOption(mmuPageSize, chip) }),
    ...(elfSha256Offset === undefined ? {} : { elfSha256FileOffset: sizeOption(elfSha256Offset) }),
  });
  await writeOutputFile(options.output, image, { overwrite: options.force === true });
  const { length: sizeBytes } = image;
  context.stdout.write(
    options.json
      ? toJson({ output: options.output, chip: chip.name, sizeBytes, used, elfSha256 })
      : `${options.output}: ${chip.title}, ${formatCount(sizeBytes)} bytes, from the ${used} of ${path}\n`,
  );
}

function oneOf(what: string, table: Chip['flashSizes'], label: string): number {
  const found = table.find(([, known]) => known.toLowerCase() === label.toLowerCase());
  if (found !== undefined) return found[0];
  throw new CliError('cli/usage', `there is no ${what} ${label}`, {
    hint: `Choose one of ${table.map(([, known]) => known).join(', ')}.`,
  });
}

function pageOption(text: string, { title, mmuPageSizesBytes }: Chip): number {
  const size = sizeOption(text);
  if (mmuPageSizesBytes.includes(size)) return size;
  throw new CliError('cli/usage', `the ${title} has no MMU pages of ${text}`, {
    hint: `It has ${mmuPageSizesBytes.map((bytes) => `${bytes / 1024}K`).join(', ')}.`,
  });
}

function sizeOption(text: string): number {
  const size = parseSize(text);
  if (size !== null) return size;
  throw new CliError('cli/usage', `${text} is no size or offset`, {
    hint: 'Write it as 0xb0, 65536 or 64K.',
  });
}
