import type { Fleet, FleetOptions } from '../fleet/index.ts';
import type { Clock } from '../shared/index.ts';
import { createFleetServer, type FleetServer } from './create-fleet-server.ts';
import { folderHomes } from './folder-homes.ts';
import type { ServerLimits } from './limits/limits.ts';
import { type Log, SILENT_LOG } from './observe/log.ts';
import { removeServerFile, writeServerFile } from './server-file.ts';

/** Which folder is served, and how. */
export interface FolderServerOptions {
  /** Made when missing; one server at a time. */
  readonly folder: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** The address to listen on. */
  readonly bind: string;
  readonly clock: Clock;
  /** Of the package, for the OpenAPI document. */
  readonly version: string;
  readonly fleet?: Partial<FleetOptions>;
  readonly limits?: Partial<ServerLimits>;
  readonly log?: Log;
  /** What URLs for devices begin with; by default the address by which they came. */
  readonly publicUrl?: string | null;
  /**
   * Writes `server.json` into the folder, so that commands on this machine find the server. Off for
   * a server that one command brings up for itself.
   */
  readonly announced: boolean;
}

/** A running server over a folder. */
export interface FolderServer extends FleetServer {
  /** The secret of the first admin token, where the fleet had no token yet; it is shown only here. */
  readonly firstToken: string | null;
}

/**
 * Serves the fleet in a folder.
 *
 * @throws FleetError `fleet/folder-in-use`, `fleet/data-newer`; ServeError `serve/port-taken`, …
 */
export async function openFolderServer(options: FolderServerOptions): Promise<FolderServer> {
  const { folder, clock, announced, log = SILENT_LOG, fleet = {} } = options;
  const server = await createFleetServer({
    homes: folderHomes({ folder, clock, log, options: fleet }),
    port: options.port,
    bind: options.bind,
    clock,
    version: options.version,
    log,
    publicUrl: options.publicUrl ?? null,
    allowPrivateAddresses: fleet.allowPrivateAddresses ?? false,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const { pid } = process;
  const stop = async (graceMs?: number) => {
    if (announced) await removeServerFile(folder, pid);
    await server.stop(graceMs);
  };
  try {
    // One that is brought up for a command has that command's own token; people get theirs from `server`.
    const firstToken = announced ? await ensureAdmin(server.home.fleet) : null;
    const { url, localToken } = server;
    if (announced) await writeServerFile(folder, { url, pid, token: localToken });
    return {
      port: server.port,
      url,
      localToken,
      firstToken,
      get home() {
        return server.home;
      },
      stop,
      [Symbol.asyncDispose]: () => stop(),
    };
  } catch (error) {
    await server.stop(0);
    throw error;
  }
}

/** Makes a token for the first person, where nobody has one. */
async function ensureAdmin({ tokens }: Fleet): Promise<string | null> {
  const { total } = await tokens.list({ role: 'admin' }, { page: 0, perPage: 1 });
  if (total > 0) return null;
  const { secret } = await tokens.create('system', { name: 'first admin', role: 'admin' });
  return secret;
}
