import { basename } from 'node:path';
import { type FlashSettings, inspectImage, type MergePart } from '../../app-image/index.ts';
import { type Chip, chipByName } from '../../chips/index.ts';
import {
  findEntryByName,
  type PartitionTable,
  serializePartitionBinary,
} from '../../partition-table/index.ts';
import { memorySource, parseSize } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { readInputFile } from '../files.ts';
import { loadFlasherArgs } from '../flasher-args.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import { chipOption } from '../chip-option.ts';

/** Where the parts of a merge come from. */
export interface PartArguments {
  readonly flasherArgs?: string;
  readonly partitions?: string;
  readonly chip?: string;
}

/** The parts of a merge, and what is known beside them. */
export interface CollectedParts {
  readonly parts: readonly MergePart[];
  /** `null` where neither an option nor `flasher_args.json` names it. */
  readonly chip: Chip | null;
  readonly table: PartitionTable | null;
  /** What `flasher_args.json` wants of the bootloader header. */
  readonly settings: FlashSettings;
}

/** Reads the parts that the command line names, in any of the three ways. */
export async function collectParts(
  args: readonly string[],
  options: PartArguments,
): Promise<CollectedParts> {
  const chip = options.chip === undefined ? null : chipByName(chipOption(options.chip));
  const table =
    options.partitions === undefined ? null : await loadPartitionTable(options.partitions);
  if (options.flasherArgs !== undefined) {
    if (args.length > 0) throw usage('give either --flasher-args or parts, not both');
    const listed = await loadFlasherArgs(options.flasherArgs);
    const parts = listed.files.map(({ flashOffset, path, bytes }) => ({
      flashOffset,
      bytes,
      name: path,
    }));
    return { parts, chip: chip ?? listed.chip, table, settings: listed.settings };
  }
  const named = args.some((arg) => /^[^=]+=./.test(arg));
  const parts = named ? await fromNames(args, chip, table) : await fromOffsets(args);
  if (parts.length === 0) throw usage('no parts to merge');
  return { parts, chip, table, settings: {} };
}

async function fromOffsets(args: readonly string[]): Promise<readonly MergePart[]> {
  if (args.length % 2 !== 0) throw usage('parts come in pairs of OFFSET and FILE');
  const parts: MergePart[] = [];
  for (let index = 0; index < args.length; index += 2) {
    const [offset = '', path = ''] = args.slice(index, index + 2);
    const flashOffset = parseSize(offset);
    if (flashOffset === null) throw usage(`${offset} is no offset in flash`);
    parts.push({ flashOffset, bytes: await readInputFile(path), name: basename(path) });
  }
  return parts;
}

async function fromNames(
  args: readonly string[],
  chip: Chip | null,
  table: PartitionTable | null,
): Promise<readonly MergePart[]> {
  if (table === null) throw usage('NAME=FILE needs the table: give --partitions');
  const parts: MergePart[] = [];
  for (const arg of args) {
    const at = arg.indexOf('=');
    const [name, path] = [arg.slice(0, at), arg.slice(at + 1)];
    if (at < 1) throw usage(`${arg} is no NAME=FILE`);
    const bytes = await readInputFile(path);
    if (name === 'bootloader') {
      parts.push({ flashOffset: await bootloaderOffset(bytes, chip), bytes, name });
      continue;
    }
    const entry = findEntryByName(table, name);
    if (entry === null) {
      throw new CliError('cli/usage', `the table has no partition ${name}`, {
        hint: `It has ${table.entries.map((one) => one.name).join(', ')}; bootloader is known too.`,
      });
    }
    parts.push({ flashOffset: entry.flashOffset, bytes, name });
  }
  const bytes = serializePartitionBinary(table);
  return [...parts, { flashOffset: table.tableFlashOffset, bytes, name: 'partition table' }];
}

async function bootloaderOffset(bytes: Uint8Array, chip: Chip | null): Promise<number> {
  const image = await inspectImage(memorySource(bytes));
  const known = 'chip' in image && image.chip !== null ? chipByName(image.chip) : chip;
  if (known === null) throw usage('the bootloader does not tell its chip: give --chip');
  return known.bootloaderFlashOffset;
}

function usage(message: string): CliError {
  return new CliError('cli/usage', message, {
    hint: 'See `otakit image merge --help` for the three ways to name parts.',
  });
}
