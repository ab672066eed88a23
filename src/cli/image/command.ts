import { Option } from 'commander';
import type { RegisterNoun } from '../nouns.ts';
import type { CheckArguments } from './check.ts';
import type { DiffArguments } from './diff.ts';
import type { FromElfArguments } from './from-elf.ts';
import type { MergeArguments } from './merge.ts';
import type { PatchArguments } from './patch-header.ts';
import type { InfoArguments } from './info.ts';
import type { SplitArguments } from './split.ts';

/** `otakit image …` */
export const registerImage: RegisterNoun = (image, cli) => {
  image
    .command('info')
    .description('Say what a file is, and what is in it.')
    .argument('<file>', 'app image, bootloader, merged image, flash dump, or anything else')
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', INFO_HELP)
    .action(async (file: string, options: InfoArguments) => {
      const { info } = await import('./info.ts');
      await info(file, options, cli);
    });

  image
    .command('check')
    .description('Say whether a device could take an image over the air.')
    .argument('<file>', 'app image')
    .option('-p, --partitions <table>', 'partition table of the device, CSV or binary')
    .option('-c, --chip <chip>', 'chip of the device, such as esp32c3')
    .addOption(
      new Option('--for <audience>', 'whose device it is')
        .choices(['micro-rdk', 'esp-idf'])
        .default('esp-idf'),
    )
    .option('--chip-rev <revision>', 'revision of the chip, such as v3.1')
    .option('--efuse-block-rev <revision>', 'revision of its eFuse block, such as v1.3')
    .option('--secure-version <number>', 'secure version in its eFuses (anti-rollback)')
    .addOption(
      new Option('--spi-mode <mode>', 'flash mode that the running app was built for').choices([
        'qio',
        'qout',
        'dio',
        'dout',
        'opi',
      ]),
    )
    .addOption(
      new Option('--secure-boot <version>', 'secure boot that is on').choices(['v1', 'v2']),
    )
    .option('--public-key <file>', 'key that the image must be signed with (PEM)')
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', CHECK_HELP)
    .action(async (file: string, options: CheckArguments) => {
      const { check } = await import('./check.ts');
      await check(file, options, cli);
    });

  image
    .command('split')
    .description('Take a merged image, flash dump, Intel HEX or UF2 file apart.')
    .argument('<file>', 'merged image, flash dump, Intel HEX or UF2 file')
    .requiredOption('-o, --output <dir>', 'folder to write the parts to; made if it is missing')
    .option('--force', 'overwrite files that exist')
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', SPLIT_HELP)
    .action(async (file: string, options: SplitArguments) => {
      const { split } = await import('./split.ts');
      await split(file, options, cli);
    });

  image
    .command('merge')
    .description('Put bootloader, table and apps into one file.')
    .argument('[parts...]', 'OFFSET FILE pairs, or NAME=FILE with --partitions')
    .requiredOption('-o, --output <file>', 'file to write')
    .addOption(
      new Option('--format <format>', 'by default what the output is called, or raw').choices([
        'raw',
        'hex',
        'uf2',
      ]),
    )
    .option('--flasher-args <json>', "build/flasher_args.json of ESP-IDF's build")
    .option('-p, --partitions <table>', 'partition table; it becomes a part too')
    .option('-c, --chip <chip>', 'chip, where no part tells it')
    .option('--target-offset <offset>', 'raw: flash offset of the first byte', '0x0')
    .option('--pad-to-size <size>', 'raw: fill up with 0xFF, such as 4MB')
    .option('--chunk-size <bytes>', 'UF2: payload of a block')
    .option('--no-md5', 'UF2: leave the MD5 of each block out')
    .option('--flash-mode <mode>', 'change the bootloader header: qio, dio, …')
    .option('--flash-freq <frequency>', 'change the bootloader header: 40m, 80m, …')
    .option('--flash-size <size>', 'change the bootloader header: 4MB, …')
    .option('--force', 'overwrite the output')
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', MERGE_HELP)
    .action(async (parts: readonly string[], options: MergeArguments) => {
      const { merge } = await import('./merge.ts');
      await merge(parts, options, cli);
    });

  image
    .command('patch-header')
    .description('Change flash mode, frequency or size in the header, and redo the SHA-256.')
    .argument('<file>', 'app image or bootloader')
    .requiredOption('-o, --output <file>', 'file to write; may be the same with --force')
    .option('--flash-mode <mode>', 'qio, qout, dio, dout, fast-read, slow-read')
    .option('--flash-freq <frequency>', 'such as 80m')
    .option('--flash-size <size>', 'such as 4MB')
    .option('--force', 'overwrite the output')
    .addHelpText('after', PATCH_HELP)
    .action(async (file: string, options: PatchArguments) => {
      const { patchHeader } = await import('./patch-header.ts');
      await patchHeader(file, options, cli);
    });

  image
    .command('from-elf')
    .description('Make an app image of an ELF program.')
    .argument('<file>', 'ELF file')
    .requiredOption('-o, --output <file>', 'file to write')
    .requiredOption('-c, --chip <chip>', 'chip that it was built for')
    .option('--flash-mode <mode>', 'qio, qout, dio, dout', 'qio')
    .option('--flash-freq <frequency>', 'such as 80m; by default what nibble 0 means to the chip')
    .option('--flash-size <size>', 'such as 4MB', '1MB')
    .option('--min-rev <revision>', 'lowest chip revision, such as v0.3')
    .option('--max-rev <revision>', 'highest chip revision, such as v1.99')
    .option('--elf-sha256-offset <offset>', 'where the digest of the ELF goes (descriptor: 0xb0)')
    .option('--mmu-page-size <size>', 'by default as the app descriptor says')
    .addOption(
      new Option('--use <pieces>', 'what of the ELF becomes segments')
        .choices(['auto', 'sections', 'segments'])
        .default('auto'),
    )
    .option('--no-hash', 'do not append a SHA-256')
    .option('--force', 'overwrite the output')
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', FROM_ELF_HELP)
    .action(async (file: string, options: FromElfArguments) => {
      const { fromElf } = await import('./from-elf.ts');
      await fromElf(file, options, cli);
    });

  image
    .command('diff')
    .description('Compare two app images.')
    .argument('<before>', 'app image')
    .argument('<after>', 'app image')
    .option('--elf <files...>', 'the two ELF files, to compare their symbols')
    .option('-p, --partitions <table>', 'show how full both make the slots')
    .option('--limit <count>', 'how many symbols to list', '20')
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', DIFF_HELP)
    .action(async (before: string, after: string, options: DiffArguments) => {
      const { diff } = await import('./diff.ts');
      await diff(before, after, options, cli);
    });
};

const INFO_HELP = `
Examples:
  otakit image info build/app.bin
  otakit image info build/app.bin --json | jq .appDescriptor.version

Exits 0 whatever the file is, also when it is damaged: see \`otakit image check\` for a verdict.

JSON of an app image or bootloader:
  kind, chip, entryPoint, segments[]{loadAddress,lengthBytes,fileOffset,memory},
  checksum{stored,computed,valid}, hash{appended,stored,computed,valid}, imageLengthBytes, sizeBytes,
  appDescriptor{version,projectName,idfVersion,date,time,appElfSha256,secureVersion,…}|null,
  issues[]{code,severity,message,hint}
JSON of a merged image or flash dump:
  kind, chip, baseFlashOffset, partitionTable, images[]{kind,flashOffset,lengthBytes,partitionName,…},
  partitions[]{name,type,subtype,flashOffset,sizeBytes,contents,summary,sound}; for Intel HEX and UF2
  the same in \`contents\``;

const CHECK_HELP = `
Examples:
  otakit image check build/app.bin --partitions partitions.csv
  otakit image check build/app.bin --partitions partitions.csv --chip esp32 --for micro-rdk --json
  otakit image check build/app.bin --chip-rev v0.4 --secure-version 2
  otakit image check build/app.bin --secure-boot v2 --public-key signing.pub.pem

Exits 0 when a device could take the image, 3 with all the reasons when it could not. Checked is all
that a bootloader checks (chip, revisions, segments, page alignment, checksum, hash, signature), that
the image fits the smallest OTA slot, and that the table allows updates.

JSON:
  file, acceptable, kind, chip, version, sizeBytes, imageLengthBytes,
  smallestSlot{name,flashOffset,sizeBytes,usedRatio,fits}|null, slots[] of the same,
  issues[]{code,severity,message,hint}`;

const SPLIT_HELP = `
Examples:
  otakit image split merged.bin -o parts
  otakit image split flash-dump.bin -o parts --json

JSON:
  file, parts[]{kind,path,fileOffset,flashOffset,sizeBytes}`;

const MERGE_HELP = `
Examples:
  otakit image merge -o all.hex 0x1000 bootloader.bin 0x8000 partitions.bin 0x10000 app.bin
  otakit image merge -o all.bin --flasher-args build/flasher_args.json
  otakit image merge -o all.uf2 --partitions partitions.csv bootloader=bootloader.bin ota_0=app.bin

Prefer hex: a raw file has 0xFF between its parts, and flashing it wipes NVS and otadata.
The bytes are those that esptool merge-bin writes. Exits 3 where parts overlap, are damaged, are for
different chips, or lie outside their partition.

JSON:
  output, format, sizeBytes, chip, parts[]{name,flashOffset,sizeBytes},
  issues[]{code,severity,message,hint}`;

const PATCH_HELP = `
Examples:
  otakit image patch-header bootloader.bin -o bootloader-4mb.bin --flash-size 4MB
  otakit image patch-header app.bin -o app.bin --force --flash-mode dio --flash-freq 80m`;

const FROM_ELF_HELP = `
Examples:
  otakit image from-elf app.elf -o app.bin --chip esp32c3 --flash-mode dio --flash-size 4MB
  otakit image from-elf target/riscv32imc-unknown-none-elf/release/app -o app.bin --chip esp32c3

The bytes are those of esptool elf2image. Where two sections share a page of flash, as in esp-hal
programs, the program segments are used by itself.

JSON:
  output, chip, sizeBytes, used ("sections" or "segments"), elfSha256`;

const DIFF_HELP = `
Examples:
  otakit image diff old.bin new.bin --partitions partitions.csv
  otakit image diff old.bin new.bin --elf old.elf new.elf --limit 50

JSON:
  before, after, sizeBytes, memory[], fields[], symbols[], slots[], each {name,before,after}`;
