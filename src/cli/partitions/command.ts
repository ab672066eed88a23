import { type Command, Option } from 'commander';
import type { RegisterNoun } from '../nouns.ts';
import type { BuildOptions } from './build.ts';
import type { CheckCommandOptions } from './check.ts';
import type { CsvOptions } from './csv.ts';
import type { DrawOptions } from './draw.ts';
import type { DiffOptions } from './diff.ts';
import {
  BUILD_HELP,
  CHECK_HELP,
  CSV_HELP,
  DIFF_HELP,
  DRAW_HELP,
  INIT_HELP,
  SHOW_HELP,
} from './help.ts';
import type { InitOptions } from './init.ts';
import type { ShowOptions } from './show.ts';

/** `otakit partitions …`: read, check, build, compare and draw partition tables. */
export const registerPartitions: RegisterNoun = (partitions, cli) => {
  const verb = (name: string, description: string, help: string) =>
    partitions.command(name).description(description).addHelpText('after', help);

  tableOptions(verb('show', 'Print a table with free space, and a map of the flash.', SHOW_HELP))
    .argument('<file>', 'CSV, binary table, merged image or flash dump')
    .option(
      '--flash-size <size>',
      'size of the flash, such as 4MB; the smallest that fits otherwise',
    )
    .option('--json', 'print one JSON object')
    .action(async (file: string, options: ShowOptions) => {
      const { show } = await import('./show.ts');
      await show(file, options, cli);
    });

  checkOptions(tableOptions(verb('check', 'List all that is wrong with a table.', CHECK_HELP)))
    .argument('<file>', 'CSV, binary table, merged image or flash dump')
    .option('--chip <chip>', 'chip that the table is for, such as esp32s3')
    .option('--json', 'print one JSON object')
    .action(async (file: string, options: CheckCommandOptions) => {
      const { check } = await import('./check.ts');
      await check(file, options, cli);
    });

  checkOptions(tableOptions(verb('build', 'Write the binary table of a CSV.', BUILD_HELP)))
    .argument('<file>', 'CSV or binary table')
    .requiredOption('-o, --output <file>', 'binary table to write')
    .option('--no-md5', 'leave out the MD5 row, for bootloaders before ESP-IDF 3.1')
    .option('--no-verify', 'write even what ESP-IDF would refuse')
    .option('-f, --force', 'overwrite the output')
    .option('-q, --quiet', 'no warnings')
    .option('--json', 'print one JSON object')
    .action(async (file: string, options: BuildOptions) => {
      const { build } = await import('./build.ts');
      await build(file, options, cli);
    });

  checkOptions(tableOptions(verb('csv', 'Print a binary table as CSV.', CSV_HELP)))
    .argument('<file>', 'binary table, merged image, flash dump or CSV')
    .option('-o, --output <file>', 'CSV to write; printed otherwise')
    .option('--no-verify', 'print even what ESP-IDF would refuse')
    .option('-f, --force', 'overwrite the output')
    .action(async (file: string, options: CsvOptions) => {
      const { csv } = await import('./csv.ts');
      await csv(file, options, cli);
    });

  tableOptions(verb('diff', 'Say whether devices get from A to B over the air.', DIFF_HELP))
    .argument('<before>', 'the table that devices have')
    .argument('<after>', 'the table that they shall have')
    .option('--exit-code', 'exit with 3 where it does not go over the air')
    .option('--json', 'print one JSON object')
    .action(async (before: string, after: string, options: DiffOptions) => {
      const { diff } = await import('./diff.ts');
      await diff(before, after, options, cli);
    });

  verb('init', 'Write a preset fitted to a flash and an image.', INIT_HELP)
    .argument('[preset]', 'name of a preset; chosen by the size of the flash otherwise')
    .option('--flash-size <size>', 'size of the flash, such as 4MB')
    .option('--image <file>', 'app image that every slot must hold, with a tenth to grow')
    .option('--factory', 'with a factory app beside the two OTA slots')
    .option('--list', 'list the presets')
    .option('-o, --output <file>', 'CSV to write; - prints it', 'partitions.csv')
    .option('-f, --force', 'overwrite the output')
    .action(async (preset: string | undefined, options: InitOptions) => {
      const { init } = await import('./init.ts');
      await init(preset, options, cli);
    });

  tableOptions(verb('draw', 'Draw the flash map, in the terminal or as SVG.', DRAW_HELP))
    .argument('<file>', 'CSV, binary table, merged image or flash dump')
    .option(
      '--flash-size <size>',
      'size of the flash, such as 4MB; the smallest that fits otherwise',
    )
    .addOption(new Option('--format <format>', 'what to draw').choices(['text', 'svg']))
    .option('-o, --output <file>', 'file to write; .svg makes it an SVG')
    .option('-f, --force', 'overwrite the output')
    .action(async (file: string, options: DrawOptions) => {
      const { draw } = await import('./draw.ts');
      await draw(file, options, cli);
    });
};

/** The options of every command that reads a table. */
function tableOptions(command: Command): Command {
  return command
    .option('--offset <offset>', 'where the table lies in flash, or in the image or dump', '0x8000')
    .option('--primary-bootloader-offset <offset>', 'for entries of type bootloader')
    .option('--recovery-bootloader-offset <offset>', 'for an entry of the recovery bootloader')
    .option(
      '--extra-partition-subtypes <subtype...>',
      'names for subtypes of the project, each as "app, my_name, 0x40"',
    );
}

/** The options of the commands that judge a table. */
function checkOptions(command: Command): Command {
  return command
    .option('--flash-size <size>', 'size of the flash, such as 4MB')
    .option('--secure [version]', 'ask that app slots suit secure boot v1 or v2');
}
