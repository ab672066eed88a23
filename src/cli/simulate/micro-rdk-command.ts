import type { RegisterNoun } from '../nouns.ts';
import type { MicroRdkArguments } from './micro-rdk.ts';

/** `otakit simulate micro-rdk` */
export const addMicroRdk: RegisterNoun = (simulate, cli) => {
  simulate
    .command('micro-rdk')
    .description(
      "Run a virtual ESP32 with Viam's micro-RDK, which updates from its machine config.",
    )
    .option('--config <file>', 'machine config (JSON), read anew with every poll')
    .option('--cloud <viam.json>', 'take the config from the Viam app or a stand-in, and log there')
    .option(
      '-p, --partitions <table>',
      'its partition table, CSV or binary; 8 MB of flash otherwise',
    )
    .option('-c, --chip <chip>', 'its chip, such as esp32c6; esp32 otherwise')
    .option('--image <file>', 'app image that a new device runs at first; a built-in one otherwise')
    .option('--state <folder>', 'keep the device here, and go on with the one that is there')
    .option('--fresh', 'with --state: throw the device there away and make a new one')
    .option('--poll <duration>', 'how often it asks for its config', '10s')
    .option(
      '--erase-time <duration>',
      'how long erasing a slot takes; 10s to 30s on real ones',
      '0s',
    )
    .option('--once', 'end with exit 0 after the first update that booted')
    .option('--timeout <duration>', 'with --once: give up after this time (exit 5)')
    .option('-q, --quiet', "leave out the device's own log")
    .option('--json', 'one event per line, as JSON, instead of text')
    .addHelpText('after', HELP)
    .action(async (options: MicroRdkArguments) => {
      const { simulateMicroRdk } = await import('./micro-rdk.ts');
      await simulateMicroRdk(options, cli);
    });
};

const HELP = `
Example, with a server in one terminal and the device in another:
  otakit serve firmware-samples/images/hello-esp32-1.1.0.bin \\
    --partitions partitions/micro-rdk-8mb.csv --host 127.0.0.1
  # paste the service that it prints into machine.json: {"services": [ … ]}
  otakit simulate micro-rdk --config machine.json --once

With --cloud it logs in as the part that viam.json names: the file that the Viam app gives out for a
machine ({"cloud": {"app_address", "id", "secret"}}), or that a stand-in on this machine writes:
  otakit simulate viam-cloud --config machine.json --viam-json viam.json
  otakit simulate micro-rdk --cloud viam.json
It then polls its config there, uploads its log once a second (150 lines at most, and what an upload
loses is lost), and restarts when the app tells it to. Whatever fails, it logs in anew a second later.
When its login is refused it erases its credentials, as a real one does, and is of no more use (exit 5).

The device takes the first service whose model is exactly rdk:builtin:ota_service, compares its
"version" with the tag that it has stored, and where they differ downloads "url" over HTTP/2, erases the
other slot, writes, verifies and reboots into it. What a real one refuses it refuses, in the same words;
its log is on stderr as on a serial port, with URLs in full (a real one uploads them too). A failed
update is tried again with the next poll, for ever. It polls at once when it starts.

A new device is as the factory leaves it: the partition table at 0x8000, in the first app slot --image or
else a built-in firmware of version "factory", otadata blank, no tag stored; so any tag but "" makes it
update. Without --state it is gone afterwards. With --state the folder holds
  flash.bin    the whole flash: partition table, NVS with the stored tag and the config of the last boot
               (ROBOT_CONFIG, with the URL in clear, as on a real one), otadata, slots; look into it with
               \`otakit partitions show\`, \`otakit nvs show\` and \`otakit otadata show\`
  device.json  its chip

--once does not end on a failed update, because the device does not: it tries again. It ends with exit 6
when the bootloader refused the new slot (the old firmware then runs under the new tag, and the device
never tries again) and when no slot boots any more.

JSON, one object per line on stdout:
  booted    slot, version, tag
  polled    tag, storedTag, updates
  update    tag, url, slot
  progress  slot, doneBytes, totalBytes
  written   slot, sizeBytes
  failed    message
  rebooted  reason (update, config-changed, restart-requested, panic), slot, version, tag, fellBack
  deprovisioned  message
  stuck     message

Exit codes: 0 updated (--once) · 2 usage · 3 config, table, image or state folder not usable · 5 timed out,
or its login was refused · 6 did not boot what it wrote · 130 stopped by Ctrl-C.`;
