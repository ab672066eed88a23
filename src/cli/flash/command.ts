import type { Command } from 'commander';
import type { RegisterNoun } from '../nouns.ts';
import type { AppOptions } from './app.ts';
import type { BackupOptions, RestoreOptions } from './backup.ts';
import type { EraseOptions } from './erase.ts';
import type { InfoOptions } from './info.ts';
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

  withWriting(withTable(withPorts(flash.command('write'))))
    .description('Write what differs, check it, and make it boot.')
    .argument('[files...]', 'merged image, app, bootloader, table, .hex, .uf2; or WHERE=FILE')
    .option('--at <where>', 'where the one file goes: a partition, a slot, an offset')
    .option('--flasher-args <file>', 'also all files of an ESP-IDF build/flasher_args.json')
    .option('--erase-all', 'erase the whole flash before')
    .option('--dry-run', 'show the plan, and open no port')
    .addHelpText('after', WRITE_HELP)
    .action(async (files: readonly string[], options: WriteCommandOptions) => {
      const { write } = await import('./write.ts');
      await write(files, options, cli);
    });

  withWriting(withPorts(flash.command('app')))
    .description('Write an app into a slot of a board that has a table, and make it boot.')
    .argument('<image>', 'app image')
    .option('--slot <slot>', 'ota_0, factory, …; or next: the one an update would take', 'next')
    .option('--table-offset <offset>', 'where the table of the board is, if not at 0x8000')
    .addHelpText('after', APP_HELP)
    .action(async (image: string, options: AppOptions) => {
      const { app } = await import('./app.ts');
      await app(image, options, cli);
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
    command.option(
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
    .option('--no-reset', 'leave the chip in its loader')
    .option('--monitor', 'then show what the board prints, from its first line, until Ctrl-C')
    .option('--elf <file>', 'with --monitor: the .elf of the build, to decode addresses')
    .option('--monitor-baud <rate>', 'with --monitor: rate of the board’s console', '115200')
    .option('--json', 'one JSON object instead of text');
}

function withTable(command: Command): Command {
  return command
    .option('--partitions <table>', 'partition table for names; by default the one on the board')
    .option('--table-offset <offset>', 'where the table is, if not at 0x8000');
}

const INFO_HELP = `
Examples:
  otakit flash info
  otakit flash info --port /dev/ttyUSB0 --json | jq .mac

JSON:
  target, chip, revision (major × 100 + minor), mac, flashId, flashSizeBytes, secureBoot,
  flashEncryption, loader, baudRate, table[]{name,type,subtype,flashOffset,sizeBytes}|null,
  tableProblem|null, slots[]{slot,name,state,chip,projectName,version}, boots|null, why|null`;

const WRITE_HELP = `
Examples:
  otakit flash write merged.bin                     first flash; NVS and otadata stay as they are
  otakit flash write build/app.bin                  the app into its slot, and it boots
  otakit flash write ota_1=app.bin nvs=nvs.bin --partitions partitions.csv
  otakit flash write --flasher-args build/flasher_args.json --port all
  otakit flash write build/app.bin --monitor --elf build/app.elf
  otakit flash write merged.bin --dry-run --json

A file says itself where it goes: a bootloader to where its chip has it, a table to 0x8000, an app into
factory or else ota_0, a merged image to 0 without its gaps. Otadata is changed where another slot
would boot. Anything that would not boot is refused before a byte is written: chip, revision, flash
size, table, slot, secure boot and flash encryption are checked.

Exits 3 when refused, 4 when a board does not answer, 6 when the flash does not hold what it should.

JSON:
  boards[]{target,ok,durationMs,chip,revision,mac,baudRate,otadataChanged,
  plan{chip,parts[]{kind,file,name,flashOffset,sizeBytes,partition,version},boots,kept,eraseAll},
  parts[]{name,flashOffset,sizeBytes,writtenBytes,erasedBytes,sentBytes,verified,retriedSectors},
  error{code,message,hint} where not ok}; with --dry-run the plan alone; with --monitor in one line,
  and then as \`otakit monitor\``;

const APP_HELP = `
Examples:
  otakit flash app build/app.bin
  otakit flash app build/app.bin --slot ota_1 --port /dev/ttyUSB0

JSON: as \`otakit flash write\``;

const READ_HELP = `
Examples:
  otakit flash read nvs -o nvs.bin
  otakit flash read ota_1 -o app.bin
  otakit flash read 0 4MB -o dump.bin

What arrives is checked by MD5.

JSON: file, flashOffset, sizeBytes`;

const VERIFY_HELP = `
Examples:
  otakit flash verify build/app.bin --at ota_0
  otakit flash verify merged.bin --at 0

Exits 0 when the flash holds the file, 6 with the sectors that differ when it does not.

JSON: file, flashOffset, sizeBytes, matches, differingSectors[] (flash offsets)`;

const BACKUP_HELP = `
Example:
  otakit flash backup -o board-17.otabackup

Blank flash is neither read nor stored, and the rest is compressed.

JSON: file, fileBytes, chip, revision, mac, secureBoot, flashEncryption, flashId, flashSizeBytes`;

const RESTORE_HELP = `
Examples:
  otakit flash restore board-17.otabackup
  otakit flash restore golden.otabackup --other-board

Only what differs is written, what was blank is erased, and everything is compared afterwards.

JSON: file, flashOffset, sizeBytes, writtenBytes, erasedBytes, sentBytes, verified, retriedSectors`;

const ERASE_HELP = `
Examples:
  otakit flash erase nvs
  otakit flash erase 0x9000 0x6000
  otakit flash erase --all

JSON: flashOffset, sizeBytes`;
