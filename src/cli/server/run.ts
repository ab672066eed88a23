import { createLog, type LogLevel, openFolderServer, readServerFile } from '../../server/index.ts';
import { parseSize, systemClock } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { fleetFolder } from '../fleet/connection.ts';
import type { Cli } from '../nouns.ts';
import { packageVersion } from '../package-version.ts';
import { portOption } from '../serve/options.ts';
import { printListening } from './listening.ts';
import { s3Access } from './s3-access.ts';
import { whenFree } from './when-free.ts';

export interface ServerArguments {
  readonly data?: string;
  readonly port: string;
  readonly bind: string;
  readonly publicUrl?: string;
  readonly requireSignatures?: true;
  readonly allowPrivateUris?: true;
  readonly maxArtifact: string;
  readonly minFree: string;
  readonly connectionsPerAddress: string;
  readonly log: LogLevel;
  readonly json?: true;
}

/** `otakit server`: runs until Ctrl-C or SIGTERM, which is its normal end. */
export async function runServer(options: ServerArguments, { context }: Cli): Promise<void> {
  const { stdout, stderr, env, signal } = context;
  const folder = options.data ?? fleetFolder(env);
  const log = createLog(options.log, stderr);
  const settings = {
    folder,
    port: portOption(options.port),
    bind: options.bind,
    clock: systemClock,
    version: packageVersion(),
    log,
    publicUrl: options.publicUrl === undefined ? null : publicUrl(options.publicUrl),
    fleet: {
      requireSignatures: options.requireSignatures ?? false,
      allowPrivateAddresses: options.allowPrivateUris ?? false,
      maxArtifactBytes: sizeOption('--max-artifact', options.maxArtifact),
      s3: s3Access(env),
    },
    limits: {
      leastFreeBytes: sizeOption('--min-free', options.minFree),
      connectionsPerAddress: connectionsOption(options.connectionsPerAddress),
    },
    announced: true,
  };
  const server = await whenFree(
    () => openFolderServer(settings),
    signal,
    // Another server has come to stay.
    async () => (await readServerFile(folder)) !== null,
  );
  try {
    printListening({ server, folder, bind: options.bind, asJson: options.json ?? false }, stdout);
    log.info('listening', { url: server.url, folder });
    await aborted(signal);
    log.info('stopping');
  } finally {
    await server.stop();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function publicUrl(text: string): string {
  const url = URL.parse(text);
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '';
  if (isPlain && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, '');
  throw new CliError('cli/usage', `--public-url ${text} is no web address`, {
    hint: 'For example https://ota.example.com, without a query.',
  });
}

function connectionsOption(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count >= 1) return count;
  throw new CliError('cli/usage', `--connections-per-address ${text} is no count`, {
    hint: 'For example 500, or 4000 behind a proxy on another machine.',
  });
}

function sizeOption(option: string, text: string): number {
  const bytes = parseSize(text);
  if (bytes !== null && bytes > 0) return bytes;
  throw new CliError('cli/usage', `${option} ${text} is no size`, {
    hint: 'For example 16M, 500K or 1G.',
  });
}
