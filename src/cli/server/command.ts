import { Option } from 'commander';
import { addCommon } from '../fleet/options.ts';
import type { RegisterNoun } from '../nouns.ts';
import type { ArchiveOptions } from './archive.ts';
import type { ServerArguments } from './run.ts';

/** `otakit server` */
export const registerServer: RegisterNoun = (server, cli) => {
  server
    // An option behind a verb is the verb's.
    .enablePositionalOptions()
    .option('--data <folder>', 'data folder of the fleet; OTAKIT_DATA/fleet otherwise')
    .option('--port <port>', 'port to listen on; 0 takes any that is free', '8266')
    .option('--bind <address>', 'address to listen on', '0.0.0.0')
    .option('--public-url <url>', 'what URLs for devices begin with, behind a proxy')
    .option('--require-signatures', 'offer devices nothing that no registered key has signed')
    .option('--allow-private-uris', 'let artifact_uri and webhooks reach the own network')
    .option('--max-artifact <size>', 'no artifact is larger', '64M')
    .option('--min-free <size>', 'with less room on the disk, /readyz says so', '64M')
    .option('--connections-per-address <count>', 'that one address may have open', '500')
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
  addCommon(
    server.command('backup').description('Copy the whole fleet into one file, while in use.'),
  )
    .requiredOption('-o, --output <file>', 'file to write')
    .option('--force', 'overwrite the file')
    .addHelpText('after', BACKUP_HELP)
    .action(async (options: ArchiveOptions & { output: string; force?: true }) => {
      const { backup } = await import('./archive.ts');
      await backup(options, cli);
    });
  addCommon(
    server.command('restore').description('Put the fleet of a backup in place of what is there.'),
  )
    .argument('<file>', 'what `otakit server backup` wrote')
    .addHelpText('after', RESTORE_HELP)
    .action(async (file: string, options: ArchiveOptions) => {
      const { restore } = await import('./archive.ts');
      await restore(file, options, cli);
    });
};

const BACKUP_HELP = `
Examples:
  otakit server backup -o fleet-2026-11-21.tar
  OTAKIT_TOKEN=otk_… otakit server backup --server http://ota.example.com -o fleet.tar

A tar archive: the database as it was at one moment, and the bytes of every artifact. It holds hashes of
secrets, and the secrets of webhooks: keep it as safe as the data folder.

JSON: file, sizeBytes.
`;

const RESTORE_HELP = `
Examples:
  otakit server restore fleet-2026-11-21.tar
  otakit server restore fleet.tar --data /var/lib/otakit

The archive is checked to its last byte before anything is touched. A running server is not restarted:
it answers 503 for a moment. The database from before stays in the folder, under another name.

JSON: createdAtMs (of the backup), artifacts, devices, keptAs (the database from before, or null).
`;

const HELP = `
Examples:
  otakit server
  otakit server --data /var/lib/otakit --port 80 --require-signatures
  otakit server --bind 127.0.0.1 --public-url https://ota.example.com

One process and one folder: the database (fleet.db), the bytes of artifacts (blobs/) and the key of
download URLs (download.key). The first start makes an admin token and prints it, once. Commands on
the same machine need no token while they may read the folder; others take --server and OTAKIT_TOKEN.

Artifacts may come from s3:// addresses with the credentials in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN and AWS_REGION; AWS_ENDPOINT_URL_S3 names a store that is not Amazon's. For https
with a CA of your own, NODE_EXTRA_CA_CERTS names a file with its certificate.

One port speaks HTTP/1.1 and HTTP/2 with prior knowledge:
  /api/v1/…           management API; /api/v1/openapi.json describes it
  /api/v1/devices/…   what devices ask, each with its own secret
  /d/…                downloads, by URLs that are their own credential
  /metrics            for Prometheus, with a token of a viewer
  /healthz, /readyz   without a token

There is no TLS here: put a proxy that has it in front, and give its address with --public-url.

One address may have 500 connections (in IPv6 a /64 counts as one), so that nobody takes all 4000 of
them: more are answered 429 with Retry-After, or by a GOAWAY over HTTP/2. Those from this machine are not
counted. Raise it with --connections-per-address where more devices share an address, or where a proxy on
another machine brings them all.

Ctrl-C (or SIGTERM) ends event streams, gives what is going on ten seconds, and leaves the folder in
order; it does not matter when it is killed instead.

JSON, one line on stdout: event (listening), url, port, folder, firstToken (null but at the first start).
`;
