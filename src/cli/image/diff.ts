import {
  type AppImage,
  type Change,
  diffImages,
  diffSymbols,
  fitIntoSlots,
  parseAppImage,
  parseElf,
  type SlotFit,
} from '../../app-image/index.ts';
import { formatCount, printable } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { openInputFile, readInputFile } from '../files.ts';
import { toJson } from '../json.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import type { Cli } from '../nouns.ts';
import { textTable } from '../text-table.ts';

export interface DiffArguments {
  readonly elf?: readonly string[];
  readonly partitions?: string;
  readonly limit: string;
  readonly json?: true;
}

/** `otakit image diff A B` */
export async function diff(
  pathA: string,
  pathB: string,
  options: DiffArguments,
  { context }: Cli,
): Promise<void> {
  const [before, after] = [await readApp(pathA), await readApp(pathB)];
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 0) {
    throw new CliError('cli/usage', `${options.limit} is no number of symbols`, {
      hint: 'Give a whole number, such as --limit 20.',
    });
  }
  const symbols = options.elf === undefined ? [] : await readSymbols(options.elf);
  const slots =
    options.partitions === undefined
      ? []
      : slotChanges(fitIntoSlots, await loadPartitionTable(options.partitions), before, after);
  const found = { ...diffImages(before, after), symbols, slots };
  if (options.json) {
    context.stdout.write(toJson({ before: pathA, after: pathB, ...found }));
    return;
  }
  const sections = [
    table('size', [found.sizeBytes, ...found.memory], withDelta),
    ...(found.fields.length === 0 ? ['no field differs'] : [table('field', found.fields, plain)]),
    ...(slots.length === 0 ? [] : [table('slot', slots, plain)]),
    ...(symbols.length === 0 ? [] : [table('symbol', symbols.slice(0, limit), withDelta)]),
    ...(symbols.length > limit
      ? [`${symbols.length - limit} more symbols differ (--limit ${symbols.length})`]
      : []),
  ];
  context.stdout.write(`${sections.join('\n\n')}\n`);
}

async function readApp(path: string): Promise<AppImage> {
  await using source = await openInputFile(path);
  return await parseAppImage(source);
}

async function readSymbols(paths: readonly string[]): Promise<readonly Change<number>[]> {
  const [pathA, pathB] = paths;
  if (pathA === undefined || pathB === undefined || paths.length !== 2) {
    throw new CliError('cli/usage', '--elf takes the two ELF files of the images', {
      hint: 'Write --elf old.elf new.elf.',
    });
  }
  const [before, after] = [
    parseElf(await readInputFile(pathA)),
    parseElf(await readInputFile(pathB)),
  ];
  return diffSymbols(before.symbols, after.symbols);
}

function slotChanges(
  fit: typeof fitIntoSlots,
  partitions: Parameters<typeof fitIntoSlots>[0],
  before: AppImage,
  after: AppImage,
): readonly Change<string>[] {
  const percent = ({ usedRatio }: SlotFit) => `${(usedRatio * 100).toFixed(1)} %`;
  const [old, fresh] = [fit(partitions, before.sizeBytes), fit(partitions, after.sizeBytes)];
  return old.flatMap((slot, index) => {
    const now = fresh[index];
    if (now === undefined) return [];
    return [{ name: slot.slot.name, before: percent(slot), after: percent(now) }];
  });
}

function table<Value extends string | number>(
  title: string,
  changes: readonly Change<Value>[],
  row: (change: Change<Value>) => readonly string[],
): string {
  const align = title === 'field' ? 'left' : 'right';
  return textTable(
    [{ title }, { title: 'before', align }, { title: 'after', align }, { title: '', align }],
    changes.map((change) => [printable(change.name), ...row(change)]),
  );
}

function plain({ before, after }: Change<string>): readonly string[] {
  return [printable(before), printable(after)];
}

function withDelta({ before, after }: Change<number>): readonly string[] {
  const delta = after - before;
  const sign = delta > 0 ? '+' : '';
  return [
    formatCount(before),
    formatCount(after),
    delta === 0 ? '' : `${sign}${formatCount(delta)}`,
  ];
}
