import { join } from 'node:path';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { dataFolder } from '../data-folder.ts';
import { readInputFile } from '../files.ts';
import { createFleetApi, type FleetApi } from './api.ts';

/** Where the fleet is. */
export interface FleetOptions {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly data?: string;
}

/** How the answer is printed. */
export interface OutputOptions {
  readonly json?: boolean;
}

/** A way to a fleet; closing it also ends a server that was started only for this command. */
export interface FleetConnection extends AsyncDisposable {
  readonly api: FleetApi;
}

/**
 * The fleet that a command means: a server by address and token, or the folder on this machine. A
 * folder with a server on it is reached through that server; without one, the command brings up the
 * same server on a loopback port of its own for as long as it runs, so that there is one way in.
 */
export async function connectFleet(
  options: FleetOptions,
  context: CliContext,
): Promise<FleetConnection> {
  const server = options.server ?? context.env['OTAKIT_SERVER'];
  if (server && options.data !== undefined) {
    throw new CliError('cli/usage', 'both --server and --data are given', {
      hint: 'A fleet is either on a server or in a folder of this machine.',
    });
  }
  if (server) {
    const token = await readToken(options, context);
    return remote(checkUrl(server), token, context.signal);
  }
  const folder = options.data ?? fleetFolder(context.env);
  const { localServer } = await import('../server/local-server.ts');
  const local = await localServer(folder, context.signal);
  return {
    api: createFleetApi(local.url, local.token, context.signal),
    [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
  };
}

/** Where a fleet on this machine lies unless `--data` says otherwise. */
export function fleetFolder(env: CliContext['env']): string {
  return join(dataFolder(env), 'fleet');
}

function remote(url: string, token: string, signal: AbortSignal): FleetConnection {
  return { api: createFleetApi(url, token, signal), [Symbol.asyncDispose]: async () => {} };
}

function checkUrl(server: string): string {
  const url = URL.parse(server);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CliError('cli/usage', `"${server}" is not the address of a server`, {
      hint: 'Write it with its scheme and port, such as http://192.168.1.20:8266.',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new CliError('cli/usage', 'the address of the server has a user or password in it', {
      hint: 'A token lets you in: OTAKIT_TOKEN, or --token-file.',
    });
  }
  return url.href;
}

async function readToken({ tokenFile }: FleetOptions, { env }: CliContext): Promise<string> {
  const token =
    tokenFile === undefined
      ? env['OTAKIT_TOKEN']
      : new TextDecoder().decode(await readInputFile(tokenFile)).trim();
  if (!token) {
    throw new CliError('cli/usage', 'there is no token for the server', {
      hint: 'Set OTAKIT_TOKEN, or name a file that has the token with --token-file.',
    });
  }
  return checkToken(token, tokenFile ?? 'OTAKIT_TOKEN');
}

/**
 * A token as it can stand in a header.
 *
 * @param where it was found, for the message
 * @throws CliError `cli/usage`
 */
export function checkToken(token: string, where: string): string {
  if (/^[!-~]+$/.test(token)) return token;
  throw new CliError('cli/usage', `${where} is no token: one is a single word`, {
    hint: 'Take what `otakit token create` printed: otk_…',
  });
}
