import { basename } from 'node:path';
import {
  drawFlashMapSvg,
  flashRegions,
  smallestFlashBytes,
  usedFlashBytes,
} from '../../partition-table/index.ts';
import { wantsColour } from '../context.ts';
import { writeOutputFile } from '../files.ts';
import { loadPartitionTable } from '../partition-table-file.ts';
import type { Cli } from '../nouns.ts';
import { flashMapText } from './flash-map-text.ts';
import { optionalSize, tableOptions, type TableOptionValues } from './options.ts';

/** What `partitions draw` can be told. */
export interface DrawOptions extends TableOptionValues {
  readonly flashSize?: string;
  readonly format?: 'svg' | 'text';
  readonly output?: string;
  readonly force?: boolean;
}

/** Draws the flash map of a table: in the terminal, or as SVG. */
export async function draw(file: string, options: DrawOptions, cli: Cli): Promise<void> {
  const { context } = cli;
  const { output, force = false } = options;
  const table = await loadPartitionTable(file, tableOptions(options, context.env));
  const flashSizeBytes =
    optionalSize('--flash-size', options.flashSize) ??
    smallestFlashBytes(table) ??
    usedFlashBytes(table);
  const format = options.format ?? (output?.toLowerCase().endsWith('.svg') ? 'svg' : 'text');
  const colour = output === undefined && wantsColour(context.stdout, context.env);
  const drawing =
    format === 'svg'
      ? drawFlashMapSvg(table, { flashSizeBytes, title: basename(file) })
      : `${flashMapText(flashRegions(table, flashSizeBytes), flashSizeBytes, colour)}\n`;
  if (output === undefined) context.stdout.write(drawing);
  else await writeOutputFile(output, drawing, { overwrite: force });
}
