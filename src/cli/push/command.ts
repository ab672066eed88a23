import { addTargetOptions, CREDENTIALS_HELP } from '../config/target-options.ts';
import type { RegisterNoun } from '../nouns.ts';
import type { PushOptions } from './push.ts';

/** `otakit push`: a URL and a version tag into machine configs. */
export const registerPush: RegisterNoun = (push, { context, setExitCode }) => {
  addTargetOptions(push)
    .requiredOption('--url <url>', 'where the devices download the image from')
    .option('--tag <tag>', 'the version tag')
    .option('--bump', 'make a tag that no build had before')
    .option('--image <file>', 'the image, for the version and hash of a tag made by --bump')
    .option('--service <name>', 'which OTA service, where a config has several')
    .option(
      '--no-preflight',
      'do not fetch the URL first, for networks that this machine is not in',
    )
    .option('--allow-loopback', 'let loopback addresses pass, for a virtual device')
    .option('--dry-run', 'show what would change, write nothing')
    .option('--follow', 'show what the devices do until they run the new version, or say why not')
    .option('--monitor <port>', 'with --follow: read the console of the board there')
    .option(
      '--log <file>',
      'with --follow: read the console from a file that something else writes',
    )
    .option('--expect <text>', 'with --follow: a text that only the new build logs, as its proof')
    .option('--silence <duration>', 'how long a followed device may say nothing', '5m')
    .option('--json', 'report as JSON')
    .addHelpText('after', HELP + CREDENTIALS_HELP)
    .action(async (options: PushOptions) => {
      const { push } = await import('./push.ts');
      setExitCode(await push(options, context));
    });
};

const HELP = `
Before anything is written, the URL is fetched as a device would: HTTP/2 only, no headers, whole
redirects only, content-length, header of the image. A config that somebody else saves meanwhile keeps
their change. \`otakit config revert\` undoes a push.

--follow reads the log that the device sends to the Viam app (--part), or its console. Only the console
shows which slot the bootloader loads; where there is only the log, --expect names a text that the new
build writes into it (and the old one does not), such as its version, which proves as much. Where the URL
is one of \`otakit serve\` (or \`dev\`), in whichever process that runs, its downloads are shown as well; it
tells of them to whoever has the URL. It ends with
  updated     the new build runs: its slot was loaded, or the text of --expect came
  rebooted    the device booted with the new tag; whether its bootloader went back to the old build, the
              log does not show
  downloaded  a device has every byte, and there is no log to see it boot (--file, --fragment)
  refused     the device's own message
  fell back   the device has the tag, and its bootloader loaded the old slot (console only)
  unconfirmed the device has the tag, but the text of --expect did not come within a minute of its boot
  silent      nothing was heard of the device for as long as --silence says
A device that writes to the slot of the update before again did not run that one: this is a warning.

Exit codes: 0 done · 2 usage · 3 refused by a check · 4 a device refused · 5 cloud, network, or silent ·
6 fell back, or unconfirmed · 130 stopped by Ctrl-C.

Examples:
  otakit push --url "$URL" --tag v1.2.0 --part 3a2b… --follow
  otakit push --url "$URL" --bump --image app.bin --part 3a2b… 77ef…
  otakit push --url "$URL" --tag v1.2.0 --fragment 5c1d… --dry-run`;
