import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { startTestServer } from '../support/fleet-server.ts';
import { rawClient, readToEnd } from '../support/http-front.ts';

it('one address cannot take all connections, and that it tried is counted', async () => {
  const host = await startTestServer({
    limits: { connectionsPerAddress: 2 },
    isProxy: () => false,
  });
  onTestFinished(() => host[Symbol.asyncDispose]());
  const { port, localToken } = host.server;
  const ask = (path: string) => {
    const socket = rawClient(port);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${localToken}\r\n\r\n`);
    return socket;
  };
  const held = ask('/healthz');
  await once(held, 'data');
  const kept = ask('/healthz');
  await once(kept, 'data');
  for (let count = 0; count < 30; count += 1) {
    const answer = (await readToEnd(ask('/healthz'))).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 429 [^]*\r\nRetry-After: 30\r\n/);
    expect(answer).toMatch(/\r\nContent-Type: application\/problem\+json\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      code: 'server/too-many-connections',
      status: 429,
    });
  }
  kept.write(
    `GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${localToken}\r\n\r\n`,
  );
  const metrics = (await readToEnd(kept)).toString();
  expect(metrics).toContain('otakit_connections_open 2');
  expect(metrics).toContain('otakit_connections_refused_total{reason="too-many"} 30');
  // Once in a while is enough for the log.
  expect(host.log.filter((line) => line.includes('connection refused'))).toHaveLength(10);
});
