import type { Command } from 'commander';
import type { RegisterNoun } from '../nouns.ts';
import type { AppOptions } from './app.ts';
import type { BackupOptions, RestoreOptions } from './backup.ts';
import type { EraseOptions } from './erase.ts';
import {
  APP_HELP,
  BACKUP_HELP,
  ERASE_HELP,
  INFO_HELP,
  NVS_HELP,
  READ_HELP,
  RESTORE_HELP,
  VERIFY_HELP,
  WRITE_HELP,
} from './help.ts';
import type { InfoOptions } from './info.ts';
import type { NvsCommandOptions } from './nvs.ts';
import type { ReadOptions } from './read.ts';
import type { PortOptions } from './session.ts';
import type { VerifyOptions } from './verify.ts';
import type { WriteCommandOptions } from './write.ts';

/** `otakit flash …` */
export const registerFlash: RegisterNoun = (flash, cli) => {
  withPort(flash.command('info'))
    .description('Say what board it is, what is on it, and what it boots.')
    .option('--table-offset <offset>', 'where its partition table is, if not at 0x8000')
    .option('--no-reset', 'leave the chip in its loader')
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', INFO_HELP)
    .action(async (options: InfoOptions) => {
      const { info } = await import('./info.ts');
      await info(options, cli);
    });

  const write = flash
    .command('write')
    .description('Write what differs, check it, and make it boot.')
    .argument('[files...]', 'merged image, app, bootloader, table, .hex, .uf2; or WHERE=FILE')
    .option('--at <where>', 'where the one file goes: a partition, a slot, an offset')
    .option('--flasher-args <file>', 'also all files of an ESP-IDF build/flasher_args.json')
    .option('--erase-all', 'erase the whole flash before')
    .option('--dry-run', 'show the plan, and open no port');
  withAfterwards(withRows(withPorts(withTable(withWriting(write)))))
    .addHelpText('after', WRITE_HELP)
    .action(async (files: readonly string[], options: WriteCommandOptions) => {
      const verb = await import('./write.ts');
      await verb.write(files, options, cli);
    });

  const app = flash
    .command('app')
    .description('Write an app into a slot of a board that has a table, and make it boot.')
    .argument('<image>', 'app image')
    .option('--slot <slot>', 'ota_0, factory, …; or next: the one an update would take', 'next')
    .option('--table-offset <offset>', 'where the table of the board is, if not at 0x8000');
  withAfterwards(withPorts(withWriting(app)))
    .addHelpText('after', APP_HELP)
    .action(async (image: string, options: AppOptions) => {
      const verb = await import('./app.ts');
      await verb.app(image, options, cli);
    });

  const nvs = flash
    .command('nvs')
    .description(
      'Write NVS, the partition with the settings: from a CSV, an image, a row per board.',
    )
    .argument('[files...]', 'CSV files as for `otakit nvs build`, or one image of NVS')
    .option('--dry-run', 'show the plan, and open no port; needs --partitions');
  withAfterwards(withRows(withPorts(withTable(withWriting(nvs)))))
    .addHelpText('after', NVS_HELP)
    .action(async (files: readonly string[], options: NvsCommandOptions) => {
      const verb = await import('./nvs.ts');
      await verb.nvs(files, options, cli);
    });

  withTable(withPort(flash.command('read')))
    .description('Read flash into a file.')
    .argument('<where>', 'a partition by name, or an offset such as 0x10000')
    .argument('[size]', 'how much; with a name by default the whole partition')
    .requiredOption('-o, --output <file>', 'where to put it')
    .option('--force', 'overwrite the file if it exists')
    .option('--no-reset', 'leave the chip in its loader')
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', READ_HELP)
    .action(async (where: string, size: string | undefined, options: ReadOptions) => {
      const { read } = await import('./read.ts');
      await read(where, size, options, cli);
    });

  withTable(withPort(flash.command('verify')))
    .description('Compare a file with the flash, by MD5 on the chip.')
    .argument('<file>', 'what the flash should hold')
    .requiredOption('--at <where>', 'a partition by name, or an offset')
    .option('--no-reset', 'leave the chip in its loader')
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', VERIFY_HELP)
    .action(async (file: string, options: VerifyOptions) => {
      const { verify } = await import('./verify.ts');
      await verify(file, options, cli);
    });

  withTable(withPort(flash.command('erase')))
    .description('Erase a partition, a range, or everything.')
    .argument('[where]', 'a partition by name, or an offset')
    .argument('[size]', 'how much; with a name by default the whole partition')
    .option('--all', 'the whole flash')
    .option('--no-reset', 'leave the chip in its loader')
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', ERASE_HELP)
    .action(async (where: string | undefined, size: string | undefined, options: EraseOptions) => {
      const { erase } = await import('./erase.ts');
      await erase(where, size, options, cli);
    });

  withPort(flash.command('backup'))
    .description('Save the whole flash of a board into one small file, with what board it is.')
    .requiredOption('-o, --output <file>', 'where to put it')
    .option('--force', 'overwrite the file if it exists')
    .option('--no-reset', 'leave the chip in its loader')
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', BACKUP_HELP)
    .action(async (options: BackupOptions) => {
      const { backup } = await import('./backup.ts');
      await backup(options, cli);
    });

  withPort(flash.command('restore'))
    .description('Put a backup back: afterwards the flash is what it was.')
    .argument('<file>', 'what `otakit flash backup` made')
    .option('--other-board', 'also onto a board with another MAC address')
    .option('--no-reset', 'leave the chip in its loader')
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', RESTORE_HELP)
    .action(async (file: string, options: RestoreOptions) => {
      const { restore } = await import('./backup.ts');
      await restore(file, options, cli);
    });

  withPort(flash.command('reset'))
    .description('Start the application of a board again.')
    .addHelpText('after', '\nExample:\n  otakit flash reset --port /dev/ttyUSB0')
    .action(async (options: PortOptions) => {
      const { reset } = await import('./reset.ts');
      await reset(options, cli);
    });
};

const PORTS = '/dev/ttyUSB0, COM3, tcp://host:port, rfc2217://host:port, sim://esp32c3';

/** The options of everything that opens a port. */
function withPort(command: Command): Command {
  return withLine(command.option('-p, --port <port>', `${PORTS}; by default the only board`));
}

/** The same where it can be several. */
function withPorts(command: Command): Command {
  return withLine(
    command
      .optionsGroup('The board:')
      .option(
        '-p, --port <ports>',
        `${PORTS}; several with commas, or all; by default the only board`,
      ),
  );
}

function withLine(command: Command): Command {
  return command
    .option('-b, --baud <rate>', 'rate for the bulk of the work (default 921600)')
    .option('--no-stub', 'do not upload the flasher stub: slower, and no erasing');
}

function withWriting(command: Command): Command {
  return command
    .option('--keep <partitions>', 'partitions that must not be touched: nvs,otadata')
    .option('--full', 'write everything, not only what differs')
    .option('--no-verify', 'do not compare MD5 afterwards')
    .option('--json', 'one JSON object instead of text');
}

/** What becomes of the board when it is written. */
function withAfterwards(command: Command): Command {
  return command
    .optionsGroup('Afterwards:')
    .option('--no-reset', 'leave the chip in its loader')
    .option('--monitor', 'show what the board prints, from its first line, until Ctrl-C')
    .option('--elf <file>', 'with --monitor: the .elf of the build, to decode addresses')
    .option('--monitor-baud <rate>', 'with --monitor: rate of the board’s console', '115200');
}

function withTable(command: Command): Command {
  return command
    .option(
      '--partitions <table>',
      'partition table for names (-p is the port here); by default the one on the board',
    )
    .option('--table-offset <offset>', 'where the table is, if not at 0x8000');
}

function withRows(command: Command): Command {
  return command
    .optionsGroup('Many boards:')
    .option('--nvs-rows <csv>', 'also NVS, for each board from a row of its own')
    .option('--nvs-config <csv>', 'its configuration, where they are the CSVs of mfg_gen')
    .option('--loop', 'board after board until Ctrl-C: plug in, wait for the bell, unplug')
    .option('--partition <name>', 'which NVS partition; the first of the table otherwise')
    .option('--nvs-keys <file>', 'encrypt NVS with this keys partition, and write that too')
    .option(
      '--nvs-hmac-key <file>',
      'encrypt NVS with the HMAC key that the chip has in its eFuses',
    )
    .option('--nvs-plain', 'write NVS in the clear even where the table has a place for keys');
}
