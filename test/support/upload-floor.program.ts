/**
 * The least that a server on Node can do with an upload: digests it by SHA-256 and writes it to a new file,
 * which is on the disk before it answers. Takes the folder for the files; prints its port.
 */
import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const [, , folder = '.'] = process.argv;
let taken = 0;

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  taken += 1;
  const path = join(folder, String(taken));
  const file = await open(path, 'wx');
  const digest = createHash('sha256');
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    digest.update(chunk);
    await file.write(chunk);
  }
  await file.sync();
  await file.close();
  response.end(digest.digest('hex'));
  await rm(path);
}

const server = createServer((request, response) => void take(request, response));
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
