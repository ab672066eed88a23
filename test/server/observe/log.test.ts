import { expect, it } from 'vitest';
import { createLog } from '../../../src/server/index.ts';

it.each([
  [200, 'device', 'debug'],
  [200, 'token:tok_1', 'info'],
  [404, 'device', 'info'],
  [429, 'device', 'info'],
  [500, 'device', 'error'],
  [502, 'token:tok_1', 'error'],
  // Busy, or being stopped.
  [503, 'device', 'warn'],
  [507, 'token:tok_1', 'error'],
] as const)('a request that was answered %i to %s is logged as %s', (status, actor, level) => {
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => lines.push(line) });
  const request = { method: 'GET', path: '/', peer: '127.0.0.1', protocol: 'HTTP/1.1' };
  log.request({ ...request, status, actor, durationMs: 1 });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ level, status }]);
});
