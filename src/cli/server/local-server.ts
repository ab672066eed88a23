import { openFolderServer, readServerFile } from '../../server/index.ts';
import { systemClock } from '../../shared/index.ts';
import { packageVersion } from '../package-version.ts';
import { whenFree } from './when-free.ts';

/** A server on this machine and a token for it; disposing ends it where it was brought up for this. */
export interface LocalServer extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
}

const PATIENCE_MS = 5000;

/**
 * The server that runs on a data folder. Where none does, the same server is brought up on a loopback
 * port for as long as the command runs, so that there is one way in and one set of rules. A server that
 * is just starting is waited for, as is another command that works in the folder.
 *
 * @throws FleetError `fleet/folder-in-use` when the folder stays open in a process that does not answer
 */
export async function localServer(folder: string, signal: AbortSignal): Promise<LocalServer> {
  return await whenFree(async () => (await runningServer(folder)) ?? ownServer(folder), signal);
}

async function runningServer(folder: string): Promise<LocalServer | null> {
  const running = await readServerFile(folder);
  if (running === null || !(await answers(running.url))) return null;
  return { ...running, [Symbol.asyncDispose]: async () => {} };
}

async function ownServer(folder: string): Promise<LocalServer> {
  const server = await openFolderServer({
    folder,
    port: 0,
    bind: '127.0.0.1',
    clock: systemClock,
    version: packageVersion(),
    // What a person does on the own machine needs no guard against that machine.
    fleet: { allowPrivateAddresses: true },
    announced: false,
  });
  return {
    url: server.url,
    token: server.localToken,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS) })).ok;
  } catch {
    // It was killed, and something else may have its process number by now.
    return false;
  }
}
