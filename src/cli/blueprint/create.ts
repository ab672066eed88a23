import { serializePartitionCsv } from '../../partition-table/index.ts';
import { parseSize } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { readInputFile } from '../files.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { change } from '../fleet/verb.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import { chipOption } from '../chip-option.ts';

/** What `blueprint create` takes. */
export interface CreateOptions extends CommonOptions {
  readonly partitions: string;
  readonly chip: string;
  readonly flashSize: string;
  readonly description?: string;
}

/** `otakit blueprint create`: a binary table is sent as the CSV that says the same. */
export async function create(
  blueprintId: string,
  options: CreateOptions,
  context: CliContext,
): Promise<void> {
  const chip = chipOption(options.chip);
  const flashSizeBytes = parseSize(options.flashSize);
  if (flashSizeBytes === null) {
    throw new CliError('cli/usage', `--flash-size ${options.flashSize} is no size`, {
      hint: 'For example 4MB or 16MB.',
    });
  }
  // Read here, so that what is no table is said of the file; as its own text where it has one.
  const table = await loadPartitionTable(options.partitions);
  const partitionTable =
    table.source === 'csv'
      ? new TextDecoder().decode(await readInputFile(options.partitions))
      : serializePartitionCsv(table);
  const body = {
    blueprintId,
    chip,
    flashSizeBytes,
    partitionTable,
    description: options.description,
  };
  await change('post', '/blueprints', body, options, context);
}
