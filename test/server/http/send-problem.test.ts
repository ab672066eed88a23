import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { sendProblem } from '../../../src/server/http/send-problem.ts';
import { createLog } from '../../../src/server/index.ts';

it('a fault of ours is logged without what the URL may have that is secret', async () => {
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => lines.push(line) });
  const server = createServer((request, response) =>
    sendProblem(request, response, new Error('oh'), log),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/d/c2VjcmV0/fw.bin?token=secret`);
  expect(answer.status).toBe(500);
  expect(await answer.json()).toMatchObject({ code: 'server/bug' });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: 'error', method: 'GET', path: '/d/-/fw.bin' },
  ]);
  expect(lines.join('')).not.toMatch(/c2VjcmV0|secret/);
});
