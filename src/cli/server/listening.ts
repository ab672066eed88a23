import { networkInterfaces } from 'node:os';
import { rankAddresses } from '../../serve/index.ts';
import type { FolderServer } from '../../server/index.ts';
import type { OutputStream } from '../context.ts';

/** What there is to say once the server listens. */
export interface Listening {
  readonly server: FolderServer;
  readonly folder: string;
  readonly bind: string;
  readonly asJson: boolean;
}

const EVERYWHERE = new Set(['0.0.0.0', '::']);

/** Says where the server is reached and, the first time, with which token. */
export function printListening(
  { server, folder, bind, asJson }: Listening,
  stdout: OutputStream,
): void {
  const { port, firstToken } = server;
  const lan = EVERYWHERE.has(bind) ? rankAddresses(networkInterfaces())[0] : undefined;
  const url = lan === undefined ? server.url : `http://${lan.address}:${port}`;
  if (asJson) {
    stdout.write(`${JSON.stringify({ event: 'listening', url, port, folder, firstToken })}\n`);
    return;
  }
  stdout.write(`Fleet server on ${url}, data in ${folder}\n`);
  if (firstToken !== null) {
    stdout.write(`Admin token, shown only this once:\n  ${firstToken}\n`);
  }
  stdout.write('Ctrl-C stops it.\n');
}
