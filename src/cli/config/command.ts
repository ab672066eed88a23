import type { RegisterNoun } from '../nouns.ts';
import type { RevertOptions } from './revert.ts';
import type { SetOptions } from './set.ts';
import type { DiffOptions } from './diff.ts';
import type { ShowOptions } from './show.ts';
import { addTargetOptions, CREDENTIALS_HELP } from './target-options.ts';

/** `otakit config`: the OTA service in a Viam machine config. */
export const registerConfig: RegisterNoun = (config, { context, setExitCode }) => {
  config.addHelpText('after', CREDENTIALS_HELP);

  addTargetOptions(config.command('show'))
    .description('Show the OTA service as a device would see it, with secrets and tokens masked.')
    .option('--document', 'the whole config instead, formatted as it is')
    .option('--json', 'as JSON')
    .addHelpText('after', SHOW_HELP)
    .action(async (options: ShowOptions) => {
      const { show } = await import('./show.ts');
      await show(options, context);
    });

  addTargetOptions(config.command('set'))
    .description('Set URL and version tag of the OTA service; add the service where there is none.')
    .option('--url <url>', 'where the device downloads the image from')
    .option('--tag <tag>', 'the version tag; the device updates when it differs from its own')
    .option('--bump', 'make a tag that no build had before')
    .option('--image <file>', 'the image, for the version and hash of a tag made by --bump')
    .option('--service <name>', 'which OTA service, where there are several')
    .option('--allow-loopback', 'let loopback addresses pass, for a virtual device')
    .option('--dry-run', 'show what would change, write nothing')
    .option('--json', 'report as JSON')
    .addHelpText('after', SET_HELP)
    .action(async (options: SetOptions) => {
      const { set } = await import('./set.ts');
      setExitCode(await set(options, context));
    });

  addTargetOptions(config.command('diff'))
    .description('Show what `config revert` would undo, or how the config differs from a file.')
    .option('--with <json>', 'compare with this file')
    .option('--json', 'report as JSON')
    .addHelpText('after', DIFF_HELP)
    .action(async (options: DiffOptions) => {
      const { diff } = await import('./diff.ts');
      await diff(options, context);
    });

  addTargetOptions(config.command('revert'))
    .description('Undo the last `config set` or `push` that was made on this machine.')
    .option('--dry-run', 'show what would change, write nothing')
    .option('--json', 'report as JSON')
    .addHelpText('after', REVERT_HELP)
    .action(async (options: RevertOptions) => {
      const { revert } = await import('./revert.ts');
      await revert(options, context);
    });
};

const SHOW_HELP = `
Examples:
  otakit config show --file machine.json
  otakit config show --part 3a2b… --document

JSON: target, services[]{name, model, from{kind, …}, url, version}, issues[]{code, severity, message,
hint}, config (all of it, masked).`;

const DIFF_HELP = `
Examples:
  otakit config diff --file machine.json
  otakit config diff --part 3a2b… --with machine.json

JSON: target, same, sameText.`;

const SET_HELP = `
Only the two values change: unknown keys, order, indentation, comments and the final newline stay.
The device runs the first service of model rdk:builtin:ota_service (ota_service is the same thing in
an older spelling). A service that comes from a fragment is set for this machine alone, through the
fragment's variables or through fragment_mods.

Examples:
  otakit config set --file machine.json --url http://192.168.1.20:3232/app.bin --tag v1.2.0
  otakit config set --file machine.json --bump --dry-run
  otakit config set --part 3a2b… --tag v1.2.0
  otakit config set --fragment 77ef… --tag v1.2.0

JSON: target, written, service, before{url, version} (null where there was none), after{url, version},
issues[]{code, severity, message, hint}.`;

const REVERT_HELP = `
While nobody else changed the config, every byte is as it was before. Otherwise only URL and tag go
back. Running it again undoes the edit before that one, up to 20.

Examples:
  otakit config revert --file machine.json --dry-run
  otakit config revert --part 3a2b…

JSON: target, written, at (when the edit was made), service, from{url, version}, to{url, version} (null
where the service was added by that edit).`;
