import {
  type FlashDevice,
  FlashError,
  type FlashRange,
  locatePartition,
  readBoardTable,
} from '../../flash/index.ts';
import type { PartitionTable } from '../../partition-table/index.ts';
import { parseSize } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import { optionalSize } from '../partitions/options.ts';
import type { Cli } from '../nouns.ts';

/** Where a table comes from: a file, or else the board. */
export interface TableSource {
  readonly partitions?: string;
  readonly tableOffset?: string;
}

/** The table that names of partitions are looked up in. @throws FlashError `flash/no-table` */
export async function tableFor(
  device: FlashDevice,
  { partitions, tableOffset }: TableSource,
  { context }: Cli,
): Promise<PartitionTable> {
  const tableFlashOffset = optionalSize('--table-offset', tableOffset);
  if (partitions !== undefined) {
    return loadPartitionTable(partitions, {
      variables: context.env,
      ...(tableFlashOffset === undefined ? {} : { tableFlashOffset }),
    });
  }
  const board = await readBoardTable(device, tableFlashOffset);
  if (board.kind === 'table') return board.table;
  throw new FlashError(
    'flash/no-table',
    `no partition table can be read from the board: ${board.problem}`,
    { hint: 'Name a table (--partitions partitions.csv), or give offset and size in numbers.' },
  );
}

/** An offset and a size, or the name of a partition. */
export async function rangeFrom(
  device: FlashDevice,
  where: string,
  size: string | undefined,
  source: TableSource,
  cli: Cli,
): Promise<FlashRange> {
  const flashOffset = parseSize(where);
  if (flashOffset === null) {
    const entry = locatePartition(await tableFor(device, source, cli), where);
    const sizeBytes = optionalSize('size', size) ?? entry.sizeBytes;
    if (sizeBytes <= entry.sizeBytes) return { flashOffset: entry.flashOffset, sizeBytes };
    throw new CliError('cli/usage', `${where} has ${entry.sizeBytes} bytes, not ${sizeBytes}`, {
      hint: 'Leave the size out for the whole partition.',
    });
  }
  if (size === undefined) {
    throw new CliError('cli/usage', `at ${where} a size is needed`, {
      hint: 'Write for example: 0x10000 1MB; or name a partition.',
    });
  }
  return { flashOffset, sizeBytes: optionalSize('size', size) ?? 0 };
}
