import { addTargetOptions, CREDENTIALS_HELP } from '../config/target-options.ts';
import type { RegisterNoun } from '../nouns.ts';
import { addServeOptions } from '../serve/serve-options.ts';
import type { DevOptions } from './dev.ts';

/** `otakit dev IMAGE_OR_FOLDER` */
export const registerDev: RegisterNoun = (dev, { context, setExitCode }) => {
  addTargetOptions(dev.argument('<image-or-folder>', 'app image, or the folder of a project'))
    .option('--service <name>', 'which OTA service, where a config has several')
    .option('--monitor <port>', 'read the console of the board there, to see it boot')
    .option('--log <file>', 'read the console from a file that something else writes')
    .option('--expect <text>', 'a text that only the new build logs, as the proof that it runs')
    .option('--silence <duration>', 'how long the device may say nothing', '5m')
    .option('--restore', 'put the config back at the end, as it was before the first push');
  addServeOptions(dev, {
    partitions: 'partition table of the device, if not beside the build',
    tag: 'what the tags begin with, instead of the version of the image',
    watch: 'always on here: every finished build is published',
    once: 'end after one build: exit 0 when it runs',
    force: 'always on here: what is only doubtful is a warning',
  })
    .addHelpText('after', HELP + CREDENTIALS_HELP)
    .action(async (path: string, options: DevOptions) => {
      const { dev } = await import('./dev.ts');
      setExitCode(await dev(path, options, context));
    });
};

const HELP = `
A folder is searched as the build tools leave it: ESP-IDF (build/flasher_args.json, which names the table
too), PlatformIO (.pio/build/*/firmware.bin), Arduino (*.ino.bin), Cargo (target/*-espidf/…/*-ota.bin).
The newest app image counts, never a merged one. It may be built again at any time: a half-written image
is noticed by its checksum, a bad one is reported and goes no further, and of two in quick succession the
newest ends up on the device. The build that is there at the start is pushed at once.

Ctrl-C leaves the config as the last push made it, so that the device keeps what it has; the URL stops
working with the server. --restore puts back what was there before the first push.

To see the device boot, otakit reads the log of the part in the Viam app, or the console: --monitor for a
board on a port, --log for a file. The log of the part shows no slot, so that a device whose bootloader went
back to the old one is noticed with the next build only, unless --expect names a text of the new build.
Without any of them a build ends with the download. A build that only the tag speaks for is shown as
booted, not as running; in JSON its "proven" is false.

It serves as \`otakit serve\` does, with the same options. The tags are made of version, time and hash, so
that each build has its own; --tag puts something else in place of the version.

Examples:
  otakit dev . --part 3a2b… --monitor /dev/ttyUSB0
  otakit dev build/app.bin --partitions partitions.csv --file machine.json
  otakit dev app.bin --file machine.json --host 127.0.0.1 --log device.log   # a virtual device

JSON, one object per line:
  checked     build, image, project, version, chip, sizeBytes, usedRatio, issues, durationMs
  rejected    build, image, issues[]{code,severity,message,hint}
  published   build, tag, url, sha256, durationMs
  pushed      build, tag, targets, durationMs
  progress    build, device, sentBytes, totalBytes, bytesPerSecond, tag
  downloaded  build, tag, device, durationMs
  rebooted    build, tag, source
  running     build, tag, source, proven, flashOffset, totalMs,
              times{noticeMs,checkMs,publishMs,pushMs,waitMs,downloadMs,rebootMs}
  failed      build, step (push, device), code, message, hint, device, retryMs
  superseded  build, tag
  restored    targets
  warning     code, message, hint

Exit codes: 0 running (--once) · 2 usage · 3 no build; with --once also a refused one, or a config
that cannot be changed · 4 the device refused (--once) · 5 cloud, network, or a silent device (--once) · 6 fell back, or --expect did not come (--once) · 130 stopped by Ctrl-C.`;
