import type { Command } from 'commander';
import type { RegisterNoun } from '../nouns.ts';
import type { EraseOptions } from './erase.ts';
import type { MarkOptions } from './mark.ts';
import type { ShowOptions } from './show.ts';
import type { SwitchCommandOptions } from './switch.ts';

/** `otakit otadata …`: which app slot boots, and changing it. */
export const registerOtadata: RegisterNoun = (otadata, cli) => {
  fileCommand(otadata, 'show')
    .description('Print which slot boots and why, and the two records.')
    .option('--rollback', 'the bootloader is built with app rollback')
    .option('--json', 'print one JSON object')
    .addHelpText('after', SHOW_HELP)
    .action(async (file: string, options: ShowOptions) => {
      const { show } = await import('./show.ts');
      await show(file, options, cli);
    });
  editCommand(otadata, 'switch')
    .description('Write the record that makes the bootloader start another slot.')
    .requiredOption('--slot <slot>', 'ota_0 … ota_15, factory, or the name of the entry')
    .option('--rollback', 'the bootloader is built with app rollback: the app must confirm itself')
    .option('--state <state>', 'state of the new record: new, valid or undefined')
    .addHelpText('after', SWITCH_HELP)
    .action(async (file: string, options: SwitchCommandOptions) => {
      const { switchSlot } = await import('./switch.ts');
      await switchSlot(file, options, cli);
    });
  editCommand(otadata, 'mark')
    .description('Set the state of a record, as the app on the device would.')
    .requiredOption('--state <state>', 'new, pending-verify, valid, invalid, aborted or undefined')
    .option('--record <number>', '0 or 1; the one that the bootloader goes by otherwise')
    .addHelpText('after', MARK_HELP)
    .action(async (file: string, options: MarkOptions) => {
      const { mark } = await import('./mark.ts');
      await mark(file, options, cli);
    });
  editCommand(otadata, 'erase')
    .description('Blank both records: the factory app boots, or else ota_0.')
    .addHelpText('after', ERASE_HELP)
    .action(async (file: string, options: EraseOptions) => {
      const { erase } = await import('./erase.ts');
      await erase(file, options, cli);
    });
};

function fileCommand(noun: Command, name: string): Command {
  return noun
    .command(name)
    .argument('<file>', 'dump of the otadata partition (0x2000 bytes), merged image or flash dump')
    .option('-p, --partitions <table>', 'partition table; that inside <file> otherwise')
    .option('--table-offset <offset>', 'where a table inside a file lies', '0x8000');
}

function editCommand(noun: Command, name: string): Command {
  return fileCommand(noun, name)
    .option('-o, --output <file>', 'write there; <file> itself is changed otherwise')
    .option('--force', 'overwrite the output file')
    .option('--json', 'print one JSON object');
}

const SHOW_HELP = `
Examples:
  otakit otadata show otadata.bin --partitions partitions.csv
  otakit otadata show flash-dump.bin --rollback
  otakit otadata show otadata.bin --partitions partitions.csv --json | jq -r .boots

The bootloader goes by the record with the larger sequence number whose CRC is good and whose state
is neither invalid nor aborted; it starts slot (sequence - 1) modulo the number of OTA slots. With
rollback, a record in state pending-verify is given up at the next boot.

JSON: file, boots (factory, ota_1, …, or null), partition (the name of its entry), reason (otadata,
factory-by-default, first-ota-by-default, no-otadata, slot-missing, only-app, no-app), why, rollback,
activeRecord, attempts[] (the order in which slots are tried), records[]{index, sequence, slot,
state, crcValid, blank, eligible}, writes[]{record, sequence, state} (what the bootloader writes),
issues[]{code, severity, message, hint, location}.`;

const EDIT_JSON = `
JSON: file (the one that was written), changed, boots (factory, ota_1, …, or null).`;

const SWITCH_HELP = `
Examples:
  otakit otadata switch otadata.bin --partitions partitions.csv --slot ota_1
  otakit otadata switch flash-dump.bin --slot factory -o switched.bin

Only the record that is not in charge is written, with a sequence number that selects the slot and a
state of its own: new with --rollback, undefined without (what the device would write), or --state.
${EDIT_JSON}`;

const MARK_HELP = `
Examples:
  otakit otadata mark flash-dump.bin --state valid
  otakit otadata mark otadata.bin --partitions partitions.csv --state aborted --record 1 -o rolled-back.bin
${EDIT_JSON}`;

const ERASE_HELP = `
Examples:
  otakit otadata erase flash-dump.bin -o factory-fresh.bin
  otakit otadata erase otadata.bin --partitions partitions.csv
${EDIT_JSON}`;
