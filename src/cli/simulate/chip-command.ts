import type { Command } from 'commander';
import type { Cli } from '../nouns.ts';
import type { ChipCommandOptions } from './chip.ts';

/** Adds `otakit simulate chip`. */
export function addChip(simulate: Command, { context }: Cli): void {
  simulate
    .command('chip')
    .description('Run a virtual ESP chip that hosts flash and watch like a board.')
    .requiredOption('--chip <chip>', 'which one, such as esp32 or esp32c3')
    .option('--flash <size>', 'size of its flash', '4MB')
    .option('--image <file>', 'what its flash holds from 0x0 at first: a merged image or a dump')
    .option('--state <file>', 'keep the flash in this file from run to run')
    .option(
      '--listen <where>',
      'tcp://host:port, rfc2217://host:port, pty, or pty:LINK for a path that leads to it',
      'tcp://127.0.0.1:0',
    )
    .option('--baud-limit <baud>', 'take the time that a line of this rate would')
    .option('--flash-time <factor>', 'how much of a real flash’s time to take, from 0 to 1', '0')
    .option('--faults <file>', 'what is to go wrong, as JSON')
    .option('--echo', 'show on stderr what the chip prints')
    .option('--json', 'print where it listens as JSON')
    .addHelpText('after', HELP)
    .action(async (options: ChipCommandOptions) => {
      const { simulateChip } = await import('./chip.ts');
      await simulateChip(options, context);
    });
}

const HELP = `
There are virtual esp32, esp32s2, esp32s3, esp32c2, esp32c3, esp32c5, esp32c6, esp32h2 and esp32p4. They
speak the ROM loader's protocol and the stub's, program flash as NOR flash is programmed, and boot what
is in it: bootloader, table, otadata, and the app of firmware-samples/ (other code is not executed).

Over rfc2217:// the modem lines reset the chip as on a board. tcp:// and pty have no such lines:
connecting resets the chip, and a host that says SYNC gets the loader; the line runs at the chip's rate, which
is 115200 until a host asks the loader for another. A cable that a fault pulled is plugged
in again by the next connection; a port that comes back under another name is printed again, and pty:LINK
leads there.

JSON, one line on stdout for each name that the port gets: target.

Faults, in a JSON object (bytes are counted from the start):
  unplugAfterBytes, brownOutAfterBytes         N bytes from the host, then that happens
  renameAfterBytes, renameAfterBytesToHost     N bytes, then the port has another name
  dropToChip, flipToChip, dropToHost, flipToHost   [N, …]: these bytes get lost, or one bit of them flips
  badSectors [N, …], eraseSlowdown FACTOR, flashId N

Examples:
  otakit simulate chip --chip esp32c3 --listen tcp://127.0.0.1:5555
  esptool --port socket://127.0.0.1:5555 --before no-reset flash-id
  otakit simulate chip --chip esp32 --image merged.bin --listen rfc2217://127.0.0.1:4000 --echo
  echo '{"unplugAfterBytes": 20000}' > faults.json; otakit simulate chip --chip esp32 --faults faults.json`;
