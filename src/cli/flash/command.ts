import type { Command } from 'commander';
import type { RegisterNoun } from '../program.ts';
import type { EraseOptions } from './erase.ts';
import type { InfoOptions } from './info.ts';
import type { ReadOptions } from './read.ts';
import type { PortOptions } from './session.ts';
import type { VerifyOptions } from './verify.ts';

/** `otakit flash …` */
export const registerFlash: RegisterNoun = (program, cli) => {
  const flash = program.command('flash').description('read and write the flash of a board');

  withPort(flash.command('info'))
    .description('say what board it is, what is on it, and what it boots')
    .option('--table-offset <offset>', 'where its partition table is, if not at 0x8000')
    .option('--no-reset', 'leave the chip in its loader')
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', INFO_HELP)
    .action(async (options: InfoOptions) => {
      const { info } = await import('./info.ts');
      await info(options, cli);
    });

  withTable(withPort(flash.command('read')))
    .description('read flash into a file')
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
    .description('compare a file with the flash, by MD5 on the chip')
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
    .description('erase a partition, a range, or everything')
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

  withPort(flash.command('reset'))
    .description('start the application of a board again')
    .action(async (options: PortOptions) => {
      const { reset } = await import('./reset.ts');
      await reset(options, cli);
    });
};

/** The options of everything that opens a port. */
function withPort(command: Command): Command {
  return command
    .option(
      '-p, --port <port>',
      '/dev/ttyUSB0, COM3, tcp://host:port, rfc2217://host:port, sim://esp32c3; by default the only board',
    )
    .option('-b, --baud <rate>', 'rate for the bulk of the work (default 921600)')
    .option('--no-stub', 'do not upload the flasher stub: slower, and no erasing');
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

const ERASE_HELP = `
Examples:
  otakit flash erase nvs
  otakit flash erase 0x9000 0x6000
  otakit flash erase --all

JSON: flashOffset, sizeBytes`;
