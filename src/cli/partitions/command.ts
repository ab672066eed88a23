import type { Command } from 'commander';
import type { RegisterNoun } from '../program.ts';
import type { ShowOptions } from './show.ts';

/** `otakit partitions …`: read, check, build and draw partition tables. */
export const registerPartitions: RegisterNoun = (program, cli) => {
  const partitions = program
    .command('partitions')
    .description('Read, check, build and draw partition tables (CSV and binary).');
  withTableOptions(
    partitions
      .command('show')
      .argument('<file>', 'CSV, binary table, merged image or flash dump')
      .description('Print a table with offsets, sizes and free space, and a map of the flash.'),
  )
    .option(
      '--flash-size <size>',
      'size of the flash, such as 4MB; the smallest that fits otherwise',
    )
    .option('--json', 'print one JSON object')
    .addHelpText('after', SHOW_HELP)
    .action(async (file: string, options: ShowOptions) => {
      const { show } = await import('./show.ts');
      await show(file, options, cli);
    });
};

/** The options of every command that reads a table. */
function withTableOptions(command: Command): Command {
  return command
    .option('--offset <offset>', 'where the table lies in flash, or in the image or dump', '0x8000')
    .option('--primary-bootloader-offset <offset>', 'for entries of type bootloader')
    .option('--recovery-bootloader-offset <offset>', 'for an entry of the recovery bootloader')
    .option(
      '--extra-partition-subtypes <subtype...>',
      'names for subtypes of the project, each as "app, my_name, 0x40"',
    );
}

const SHOW_HELP = `
Examples:
  otakit partitions show partitions.csv --flash-size 8MB
  otakit partitions show build/partition_table/partition-table.bin
  otakit partitions show flash-dump.bin --offset 0x8000
  otakit partitions show partitions.csv --json | jq '.entries[].name'

JSON: file, form (csv or binary), tableFlashOffset, hasMd5, flashSizeBytes, usedBytes,
entries[]{name, type, typeName, subtype, subtypeName, flashOffset, sizeBytes, endOffset, encrypted,
readonly, line}, free[]{flashOffset, sizeBytes}, issues[]{code, severity, message, hint, location}.`;
