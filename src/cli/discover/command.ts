import type { RegisterNoun } from '../nouns.ts';

export interface DiscoverFlags {
  readonly timeout: string;
  readonly json?: true;
}

export const registerDiscover: RegisterNoun = (discover, cli) => {
  discover
    .option('--timeout <duration>', 'how long to listen, such as 500ms, 3s or 1m', '3s')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', HELP)
    .action(async (flags: DiscoverFlags) => {
      const { discoverLan } = await import('./discover.ts');
      await discoverLan(flags, cli);
    });
};

const HELP = `
Servers are what \`otakit serve\` announces as _otakit._tcp. Devices are what ESP firmwares announce:
ESPHome, ArduinoOTA, WLED, Shelly, Tasmota and Mongoose OS, ESP-IDF's local control and Wi-Fi
provisioning, RainMaker, Viam machines (micro-RDK and viam-server look alike), and web servers on
hosts that are named like an ESP board. A device that announces nothing cannot be found this way.

With --json: {"servers": [{name, host, port, addresses[], facts: {tag, sha256, sizeBytes, chip,
projectName, needsToken} | null}], "devices": [{name, host, addresses[], firmware, chip, version,
services: [{type, port}]}]}. Nothing found is not an error: both lists are empty, the exit code is 0.

Examples:
  otakit discover
  otakit discover --timeout 10s
  otakit discover --json | jq -r '.devices[].addresses[0]'
`;
