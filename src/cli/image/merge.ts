import { extname } from 'node:path';
import {
  type AppImageIssue,
  checkMerge,
  joinRanges,
  type MergePart,
  mergeRaw,
  patchImageHeader,
  serializeIntelHex,
  serializeUf2,
  uf2MaxChunkBytes,
} from '../../app-image/index.ts';
import type { Chip } from '../../chips/index.ts';
import { formatCount, formatHex, hasErrors, parseSize, printable } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { EXIT } from '../exit-codes.ts';
import { writeOutputFile } from '../files.ts';
import { toJson } from '../json.ts';
import type { Cli } from '../nouns.ts';
import { renderIssues } from '../render-issues.ts';
import { collectParts, type PartArguments } from './merge-parts.ts';
import { flashSettings, type FlashSettingArguments } from './patch-header.ts';

type Format = 'raw' | 'hex' | 'uf2';

export interface MergeArguments extends PartArguments, FlashSettingArguments {
  readonly output: string;
  readonly format?: Format;
  readonly targetOffset: string;
  readonly padToSize?: string;
  readonly chunkSize?: string;
  readonly md5: boolean;
  readonly force?: true;
  readonly json?: true;
}

/** `otakit image merge -o OUT …` */
export async function merge(
  args: readonly string[],
  options: MergeArguments,
  { context, setExitCode }: Cli,
): Promise<void> {
  const format = options.format ?? formatOf(options.output);
  const collected = await collectParts(args, options);
  const { table } = collected;
  const checked = await checkMerge(collected.parts, {
    chip: collected.chip,
    table,
    fillsGaps: format === 'raw',
  });
  const { chip, issues } = checked;
  const settings = { ...collected.settings, ...flashSettings(options) };
  const report = { output: options.output, format, chip: chip?.name ?? null };
  if (hasErrors(issues)) {
    setExitCode(EXIT.input);
    if (options.json)
      context.stdout.write(toJson({ ...report, sizeBytes: null, parts: [], issues }));
    else renderIssues(issues, options.output, context.stderr, context.env);
    return;
  }
  const parts = await Promise.all(
    collected.parts.map(async (part): Promise<MergePart> => {
      const isBootloader = chip !== null && part.flashOffset === chip.bootloaderFlashOffset;
      const patches = isBootloader && Object.keys(settings).length > 0;
      return patches ? { ...part, bytes: await patchImageHeader(part.bytes, settings) } : part;
    }),
  );
  const bytes = serialize(format, parts, chip, options);
  await writeOutputFile(options.output, bytes, { overwrite: options.force === true });
  const listed = parts.map(({ name, flashOffset, bytes: { length } }) => ({
    name,
    flashOffset,
    sizeBytes: length,
  }));
  if (options.json) {
    const sizeBytes = typeof bytes === 'string' ? bytes.length : bytes.byteLength;
    context.stdout.write(toJson({ ...report, sizeBytes, parts: listed, issues }));
    return;
  }
  renderIssues(
    [...issues, ...suggestHex(format, parts, issues)],
    options.output,
    context.stderr,
    context.env,
  );
  for (const { name, flashOffset, sizeBytes } of listed) {
    context.stdout.write(
      `${formatHex(flashOffset).padStart(10)}  ${printable(name)}, ${formatCount(sizeBytes)} bytes\n`,
    );
  }
  context.stdout.write(`${options.output}: ${format}, ${formatCount(bytes.length)} bytes\n`);
}

function formatOf(output: string): Format {
  const extension = extname(output).toLowerCase();
  if (extension === '.uf2') return 'uf2';
  return extension === '.hex' || extension === '.ihex' ? 'hex' : 'raw';
}

function serialize(
  format: Format,
  parts: readonly MergePart[],
  chip: Chip | null,
  options: MergeArguments,
): Uint8Array | string {
  if (format === 'hex') return serializeIntelHex(parts);
  if (format === 'raw') {
    const startFlashOffset = sizeOption(options.targetOffset);
    return mergeRaw(parts, {
      startFlashOffset,
      ...(options.padToSize === undefined
        ? {}
        : { padToFlashOffset: sizeOption(options.padToSize) }),
    });
  }
  if (chip === null) {
    throw new CliError('cli/usage', 'UF2 names the chip, and no part tells which one it is', {
      hint: 'Give --chip.',
    });
  }
  const most = uf2MaxChunkBytes(options.md5);
  const chunkBytes = options.chunkSize === undefined ? most : sizeOption(options.chunkSize);
  if (chunkBytes < 1 || chunkBytes > most) {
    throw new CliError('cli/usage', `a UF2 block holds 1 to ${most} bytes, not ${chunkBytes}`, {
      hint: 'Give a smaller --chunk-size, or none.',
    });
  }
  return serializeUf2(parts, { chip, chunkBytes, md5: options.md5 });
}

function suggestHex(
  format: Format,
  parts: readonly MergePart[],
  issues: readonly AppImageIssue[],
): readonly AppImageIssue[] {
  const said = issues.some((issue) => issue.code === 'app-image/merge-wipes-data');
  if (format !== 'raw' || said || joinRanges(parts).length < 2) return [];
  return [
    {
      code: 'app-image/merge-has-gaps',
      severity: 'info',
      message:
        'the file has 0xFF between its parts, and flashing it overwrites what is stored there',
      hint: 'Write --format hex (or uf2), which leaves the gaps alone.',
    },
  ];
}

function sizeOption(text: string): number {
  const size = parseSize(text);
  if (size !== null) return size;
  throw new CliError('cli/usage', `${text} is no size or offset`, {
    hint: 'Write it as 0x10000, 65536, 64K or 4MB.',
  });
}
