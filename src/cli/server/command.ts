import { Option } from 'commander';
import type { RegisterNoun } from '../nouns.ts';
import type { ServerArguments } from './run.ts';

/** `otakit server` */
export const registerServer: RegisterNoun = (server, cli) => {
  server
    .option('--data <folder>', 'data folder of the fleet; OTAKIT_DATA/fleet otherwise')
    .option('--port <port>', 'port to listen on; 0 takes any that is free', '8266')
    .option('--bind <address>', 'address to listen on', '0.0.0.0')
    .option('--public-url <url>', 'what URLs for devices begin with, behind a proxy')
    .option('--require-signatures', 'offer devices nothing that no registered key has signed')
    .option('--allow-private-uris', 'let artifact_uri and webhooks reach the own network')
    .option('--max-artifact <size>', 'no artifact is larger', '64M')
    .addOption(
      new Option('--log <level>', 'what is written to standard error, as JSON lines')
        .choices(['silent', 'warn', 'info', 'debug'])
        .default('info'),
    )
    .option('--json', 'say where it listens as one line of JSON')
    .addHelpText('after', HELP)
    .action(async (options: ServerArguments) => {
      const { runServer } = await import('./run.ts');
      await runServer(options, cli);
    });
};

const HELP = `
Examples:
  otakit server
  otakit server --data /var/lib/otakit --port 80 --require-signatures
  otakit server --bind 127.0.0.1 --public-url https://ota.example.com

One process and one folder: the database (fleet.db), the bytes of artifacts (blobs/) and the key of
download URLs (download.key). The first start makes an admin token and prints it, once. Commands on
the same machine need no token while they may read the folder; others take --server and OTAKIT_TOKEN.

Artifacts may come from s3:// addresses with the credentials in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN and AWS_REGION; AWS_ENDPOINT_URL_S3 names a store that is not Amazon's.

One port speaks HTTP/1.1 and HTTP/2 with prior knowledge:
  /api/v1/…           management API; /api/v1/openapi.json describes it
  /api/v1/devices/…   what devices ask, each with its own secret
  /d/…                downloads, by URLs that are their own credential
  /metrics            for Prometheus, with a token of a viewer
  /healthz, /readyz   without a token

There is no TLS here: put a proxy that has it in front, and give its address with --public-url.

Ctrl-C (or SIGTERM) ends event streams, gives what is going on ten seconds, and leaves the folder in
order; it does not matter when it is killed instead.
`;
