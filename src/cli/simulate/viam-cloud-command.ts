import type { Command } from 'commander';
import type { Cli } from '../nouns.ts';
import type { ViamCloudCommandOptions } from './viam-cloud.ts';

/** Adds `otakit simulate viam-cloud`. */
export function addViamCloud(simulate: Command, { context }: Cli): void {
  const list = (value: string, earlier: readonly string[] = []) => [...earlier, value];
  simulate
    .command('viam-cloud')
    .description('Stand in for the Viam app on this machine: machine configs, logs, API keys.')
    .requiredOption('--config <json>', 'the config of a part; repeat for more parts', list)
    .option('--fragment <id=json>', 'a fragment; repeat for more', list)
    .option('--fragment-tag <id=tag>', 'name what a fragment says at the start; repeat', list)
    .option('--port <number>', 'the port; any free one unless given')
    .option('--bind <address>', 'the address to listen on', '127.0.0.1')
    .option('--tls', 'speak TLS with a self-signed certificate')
    .option(
      '--certificate <file>',
      'with --tls: write the certificate here, for NODE_EXTRA_CA_CERTS',
    )
    .option('--save', 'write each change back into the config file')
    .option('--viam-json <file>', 'write what the device of the first part logs in with here')
    .option('--part-id <id>', 'the id of the first part')
    .option('--part-secret <secret>', 'what the device of the first part logs in with')
    .option('--api-key <id:key>', 'the API key to accept; made up unless given')
    .option('--read-only', 'the API key may not write')
    .option('--token-lifetime <duration>', 'how long a login lasts', '1h')
    .option('--fault <fault>', 'let something go wrong; repeat for more', list)
    .option('--json', 'one JSON object per line for everything that happens')
    .addHelpText('after', HELP)
    .action(async (options: ViamCloudCommandOptions) => {
      const { viamCloud } = await import('./viam-cloud.ts');
      await viamCloud(options, context);
    });
}

const HELP = `
It speaks gRPC-Web and gRPC (h2c, or h2 with --tls) on one port: what the Viam SDK and a micro-RDK
device use. It knows AuthService/Authenticate; GetRobotPart, UpdateRobotPart, their history and logs,
MarkPartForRestart, GetFragment and UpdateFragment, their history, tags and usage of AppService; and the
device's RobotService. All else is UNIMPLEMENTED. Each write of a fragment makes a revision, counted from
1; a part that uses it at a "version" (a revision or a tag) gets that one.

Faults are KIND[=DURATION][@METHOD][*TIMES]:
  denied, unauthenticated, unavailable   the call ends with that status
  slow=5s, silent                        the answer comes late, or never
  concurrent-edit                        somebody else saves the config right before the call

--tls shows a certificate that only programs take which are told to: write it to a file with
--certificate, and set NODE_EXTRA_CA_CERTS to that file for otakit and everything else that runs on Node.

JSON, one object per line:
  listening       url, parts[]{id, name, secret}, apiKey{id, key}; first
  config-written  kind (part, fragment), id, by
  not-saved       file
  device          part, version, platform
  log             part, level, message

Examples:
  otakit simulate viam-cloud --config machine.json --save
  otakit simulate viam-cloud --config machine.json --viam-json viam.json
  otakit simulate micro-rdk --cloud viam.json    # the device, in another terminal
  otakit simulate viam-cloud --config machine.json --fault concurrent-edit@UpdateRobotPart*1`;
