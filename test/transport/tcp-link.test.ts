import { describe, expect, it } from 'vitest';
import { openLink } from '../../src/transport/index.ts';
import { freePort, openEchoServer } from './echo-server.ts';
import { type EchoingLink, linkContract } from './link-contract.ts';

async function openTcpEcho(): Promise<EchoingLink> {
  const server = await openEchoServer();
  const link = await openLink(`tcp://127.0.0.1:${server.port}`, { baudRate: 115_200 });
  return {
    link,
    hangUp: server.hangUp,
    [Symbol.asyncDispose]: async () => {
      await link[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

linkContract('tcp://', openTcpEcho);

describe('tcp://', () => {
  it('says that nobody listens', async () => {
    await expect(
      openLink(`tcp://127.0.0.1:${await freePort()}`, { baudRate: 115_200 }),
    ).rejects.toMatchObject({ code: 'transport/unreachable', kind: 'network' });
  });
});
