import { type Command, Option } from 'commander';
import type { RegisterNoun } from '../nouns.ts';
import type { BuildOptions } from './build.ts';
import type { CryptOptions, KeysOptions } from './crypt.ts';
import type { DiffOptions } from './diff.ts';
import type { GetOptions } from './get.ts';
import {
  BUILD_HELP,
  CRYPT_HELP,
  DIFF_HELP,
  DELETE_HELP,
  GET_HELP,
  KEYS_HELP,
  SET_HELP,
  SHOW_HELP,
  VIAM_HELP,
} from './help.ts';
import type { DeleteOptions, SetOptions } from './set.ts';
import type { ShowOptions } from './show.ts';
import type { ViamOptions } from './viam.ts';

/** `otakit nvs …`: the settings partition. */
export const registerNvs: RegisterNoun = (nvs, cli) => {
  withPlace(nvs.command('show').argument('<file>', FILE_ARGUMENT))
    .description('Print what is stored, how full the partition is, and what is wrong with it.')
    .option('--namespace <namespace>', 'only this namespace')
    .option('--deleted', 'also what was deleted but is still legible')
    .option('--reveal', 'also secrets')
    .option('--csv', 'print a CSV that `nvs build` reads')
    .option('--json', 'print one JSON object')
    .addHelpText('after', SHOW_HELP)
    .action(async (file: string, options: ShowOptions) => {
      const { show } = await import('./show.ts');
      await show(file, options, cli);
    });

  withPlace(withName(nvs.command('get')))
    .description('Print one value.')
    .option('--reveal', 'also if it is a secret')
    .option('-o, --output <file>', 'write the bytes of the value there')
    .option('--force', 'overwrite the output file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', GET_HELP)
    .action(async (file: string, namespace: string, key: string, options: GetOptions) => {
      const { get } = await import('./get.ts');
      await get(file, namespace, key, options, cli);
    });

  withOutput(withPlace(withName(nvs.command('set')).argument('[value]', 'the value as text')))
    .description(
      'Store a value in an image as the device would: append it, then erase the old one.',
    )
    .option('--type <type>', 'u8 … i64, string, hex2bin, base64 or binary; as it was otherwise')
    .option('--value-file <file>', 'take the value from a file')
    .option('--stdin', 'take the value from standard input')
    .addHelpText('after', SET_HELP)
    .action(
      async (
        file: string,
        namespace: string,
        key: string,
        value: string | undefined,
        options: SetOptions,
      ) => {
        const { set } = await import('./set.ts');
        await set(file, namespace, key, value, options, cli);
      },
    );

  withOutput(withPlace(withName(nvs.command('delete'))))
    .description('Erase a value in an image as the device would; it stays legible for a while.')
    .addHelpText('after', DELETE_HELP)
    .action(async (file: string, namespace: string, key: string, options: DeleteOptions) => {
      const { remove } = await import('./set.ts');
      await remove(file, namespace, key, options, cli);
    });

  withKeys(nvs.command('build').argument('<csv...>', 'CSV files, as for nvs_partition_gen'))
    .description('Build a partition from CSVs, byte for byte as nvs_partition_gen does.')
    .requiredOption('-o, --output <file>', 'the partition')
    .option('--size <size>', 'size of the partition, such as 0x4000')
    .option('-p, --partitions <table>', 'take the size from this partition table')
    .option('--partition <name>', 'the entry in that table', 'nvs')
    .addOption(
      new Option('--page-version <version>', 'page format; 2 splits large blobs over pages')
        .choices(['1', '2'])
        .default('2'),
    )
    .option('--reopen-namespaces', 'a repeated namespace row goes back to that namespace')
    .option('--no-wifi-extras', 'do not add what the tool adds to keys such as sta.ssid')
    .option('--force', 'overwrite the output file')
    .addHelpText('after', BUILD_HELP)
    .action(async (files: string[], options: BuildOptions) => {
      const { build } = await import('./build.ts');
      await build(files, options, cli);
    });

  withPlace(nvs.command('diff').argument('<before>', FILE_ARGUMENT).argument('<after>', 'another'))
    .description('Print which values differ between two images.')
    .option('--reveal', 'also show secrets')
    .option('--json', 'print one JSON array')
    .addHelpText('after', DIFF_HELP)
    .action(async (before: string, after: string, options: DiffOptions) => {
      const { diff } = await import('./diff.ts');
      await diff(before, after, options, cli);
    });

  for (const direction of ['encrypt', 'decrypt'] as const) {
    withKeys(nvs.command(direction).argument('<file>', 'dump of the NVS partition'))
      .description(`${direction === 'encrypt' ? 'Encrypt' : 'Decrypt'} NVS (XTS-AES-256).`)
      .requiredOption('-o, --output <file>', 'the result')
      .option('--force', 'overwrite the output file')
      .addHelpText('after', CRYPT_HELP)
      .action(async (file: string, options: CryptOptions) => {
        const { crypt } = await import('./crypt.ts');
        await crypt(direction, file, options, cli);
      });
  }

  nvs
    .command('keys')
    .description('Make a keys partition to encrypt NVS with.')
    .requiredOption('-o, --output <file>', 'the keys partition (4096 bytes)')
    .option(
      '--hmac-key <file>',
      'derive the keys from the HMAC key that the chip has in its eFuses',
    )
    .option('--force', 'overwrite the output file')
    .addHelpText('after', KEYS_HELP)
    .action(async (options: KeysOptions) => {
      const { keys } = await import('./crypt.ts');
      await keys(options, cli);
    });

  withOutput(withPlace(nvs.command('viam').argument('<file>', FILE_ARGUMENT)))
    .description('Show the settings of a micro-RDK (namespace VIAM_NS), or seed them.')
    .option('--credentials <viam.json>', 'seed machine id, secret and app address from this file')
    .option('--wifi-ssid <ssid>', 'seed the name of the Wi-Fi')
    .option('--wifi-password-file <file>', 'seed its password from the first line of a file')
    .option('--wifi-password-stdin', 'seed its password from standard input')
    .option('--app-address <url>', 'seed the address of the Viam app')
    .option('--ota-version <tag>', 'seed the version tag that the device believes to run')
    .option('--size <size>', 'make a new partition of this size where there is no such file')
    .option('--reveal', 'also show secrets')
    .option('--json', 'print one JSON object')
    .addHelpText('after', VIAM_HELP)
    .action(async (file: string, options: ViamOptions) => {
      const { viam } = await import('./viam.ts');
      await viam(file, options, cli);
    });
};

const FILE_ARGUMENT = 'dump of the NVS partition, merged image or flash dump';

function withName(command: Command): Command {
  return command
    .argument('<file>', FILE_ARGUMENT)
    .argument('<namespace>', 'namespace of the value')
    .argument('<key>', 'its key');
}

function withKeys(command: Command): Command {
  return command
    .option('--keys <file>', 'keys partition, where the NVS is encrypted')
    .option('--hmac-key <file>', 'HMAC key that the chip derives its NVS keys from, instead');
}

function withPlace(command: Command): Command {
  return withKeys(command)
    .option('-p, --partitions <table>', 'partition table; that inside the file otherwise')
    .option('--table-offset <offset>', 'where a table inside a file lies', '0x8000')
    .option('--partition <name>', 'entry of the NVS; the first of type nvs otherwise');
}

function withOutput(command: Command): Command {
  return command
    .option('-o, --output <file>', 'write there; the file itself is changed otherwise')
    .option('--force', 'overwrite the output file');
}
