import { parseChipName } from '../../chips/index.ts';
import { parsePartitionTable, serializePartitionCsv } from '../../partition-table/index.ts';
import { parseSize } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { readInputFile } from '../files.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { change } from '../fleet/verb.ts';

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
  const chip = parseChipName(options.chip);
  if (chip === null) {
    throw new CliError('cli/usage', `"${options.chip}" is not a chip that otakit knows`, {
      hint: 'Write it as ESP-IDF does, such as esp32 or esp32c3.',
    });
  }
  const bytes = await readInputFile(options.partitions);
  const isBinary = bytes[0] === 0xaa && bytes[1] === 0x50;
  const partitionTable = isBinary
    ? serializePartitionCsv(parsePartitionTable(bytes))
    : new TextDecoder().decode(bytes);
  const flashSizeBytes = parseSize(options.flashSize);
  if (flashSizeBytes === null) {
    throw new CliError('cli/usage', `--flash-size ${options.flashSize} is no size`, {
      hint: 'For example 4MB or 16MB.',
    });
  }
  const body = {
    blueprintId,
    chip,
    flashSizeBytes,
    partitionTable,
    description: options.description,
  };
  await change('post', '/blueprints', body, options, context);
}
