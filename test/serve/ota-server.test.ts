import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createOtaServer, type OtaServer, type ServeEvent } from '../../src/serve/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { rawClient, readToEnd } from '../support/http-front.ts';

const KEY = new Uint8Array(32).fill(9);
const HOUR_MS = 3_600_000;

interface Running {
  readonly server: OtaServer;
  readonly events: readonly ServeEvent[];
  /** Resolves with the next event of that kind, also one that came before. */
  readonly next: <Name extends ServeEvent['event']>(
    name: Name,
  ) => Promise<Extract<ServeEvent, { event: Name }>>;
}

async function start(
  options: { readonly key?: Uint8Array | null; readonly clock?: ManualClock } = {},
): Promise<Running> {
  const events: ServeEvent[] = [];
  const taken = new Set<ServeEvent>();
  const watchers = new Set<() => void>();
  const server = await createOtaServer({
    port: 0,
    bind: '127.0.0.1',
    host: '127.0.0.1',
    key: KEY,
    ...options,
    onEvent: (event) => {
      events.push(event);
      for (const look of watchers) look();
    },
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return {
    server,
    events,
    next: (name) =>
      new Promise((resolve) => {
        const look = () => {
          const found = events.find((event) => event.event === name && !taken.has(event));
          if (found === undefined) return;
          taken.add(found);
          watchers.delete(look);
          resolve(found as Extract<ServeEvent, { event: typeof name }>);
        };
        watchers.add(look);
        look();
      }),
  };
}

function bytesOf(value: number, length = 100_000): Uint8Array {
  return new Uint8Array(length).fill(value);
}

const image = (value: number, tag = `v${value}`) => ({
  bytes: bytesOf(value),
  fileName: 'build/my app.bin',
  tag,
});

describe('the OTA server', () => {
  it('publishes under a URL that is its own credential', async () => {
    const { server, events } = await start();
    const { url, sha256, sizeBytes } = server.publish(image(1));
    expect(url).toMatch(
      new RegExp(`^http://127\\.0\\.0\\.1:${server.port}/[\\w-]{28}/my-app\\.bin$`),
    );
    expect(server.url()).toBe(url);
    expect(events[0]).toMatchObject({ event: 'listening', url, tag: 'v1', sha256, sizeBytes });
    const response = await fetch(url);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytesOf(1));
  });

  it('answers a wrong token, a missing one and an expired one alike, with nothing but 403', async () => {
    const clock = new ManualClock();
    const { server, next } = await start({ clock });
    const { url } = server.publish(image(1));
    const wrong = url.replace(/.(?=\/my-app)/, (last) => (last === 'A' ? 'B' : 'A'));
    const none = url.replace(/\/[\w-]{28}\//, '/x/');
    const answers: string[] = [];
    const ask = async (asked: string, method = 'GET') => {
      const { status, headers } = await fetch(asked, { method });
      const text = await (await fetch(asked)).text();
      const names = [...headers.keys()].filter((name) => name !== 'date').sort();
      answers.push(`${status} ${text} ${names.join()}`);
    };
    await ask(wrong);
    await ask(none);
    await ask(wrong, 'HEAD');
    await clock.advance(24 * HOUR_MS);
    await ask(url);
    const [first] = answers;
    expect(first).toMatch(/^403 Forbidden\n connection,content-length,content-type$/);
    expect(new Set(answers).size).toBe(1);
    expect((await next('rejected')).reason).toBe('wrong-token');
  });

  it('says of an expired token, to us only, that it has expired', async () => {
    const clock = new ManualClock();
    const { server, next } = await start({ clock });
    const { url, expiresAt } = server.publish(image(1));
    expect(expiresAt).toBe(new Date(clock.now() + 24 * HOUR_MS).toISOString());
    await clock.advance(24 * HOUR_MS - 1000);
    expect((await fetch(url)).status).toBe(200);
    await clock.advance(1000);
    expect((await fetch(url)).status).toBe(403);
    expect(await next('rejected')).toMatchObject({ reason: 'expired-token', status: 403 });
  });

  it('has nothing anywhere else', async () => {
    const { server } = await start();
    const { url } = server.publish(image(1));
    const base = `http://127.0.0.1:${server.port}`;
    for (const path of ['/', '/favicon.ico', '/a/b/c', `${new URL(url).pathname}/x`]) {
      expect((await fetch(base + path)).status).toBe(404);
    }
    expect((await fetch(url.replace('my-app', 'other'))).status).toBe(404);
    expect((await fetch(`${url}?x=1`)).status).toBe(200);
  });

  it('serves everybody without a key, under a path that still names the bytes', async () => {
    const { server } = await start({ key: null });
    const { url, sha256, expiresAt } = server.publish(image(1));
    expect(new URL(url).pathname).toBe(`/${sha256.slice(0, 12)}/my-app.bin`);
    expect(expiresAt).toBeNull();
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(url.replace(sha256.slice(0, 12), 'x'))).status).toBe(404);
  });

  it('never mixes two images when one is published in the middle of a download', async () => {
    const { server, next } = await start();
    const length = 30_000_000;
    const old = server.publish({ bytes: bytesOf(1, length), fileName: 'a.bin', tag: 'v1' });
    const socket = rawClient(server.port);
    socket.write(`GET ${new URL(old.url).pathname} HTTP/1.0\r\n\r\n`);
    await once(socket, 'readable');
    const rebuilt = server.publish({ bytes: bytesOf(2, length), fileName: 'a.bin', tag: 'v2' });
    const body = (await readToEnd(socket)).subarray(-length);
    expect(body.equals(bytesOf(1, length))).toBe(true);
    expect(await next('complete')).toMatchObject({ tag: 'v1', sentBytes: length });
    expect(rebuilt.url).not.toBe(old.url);
    // The image before stays under its own URL, for devices whose config still names it.
    for (const [{ url }, value] of [
      [old, 1],
      [rebuilt, 2],
    ] as const) {
      const first = await fetch(url, { headers: { range: 'bytes=0-0' } });
      expect(new Uint8Array(await first.arrayBuffer())).toEqual(bytesOf(value, 1));
    }
  });

  it('ends the URL of the image before the one before', async () => {
    const { server } = await start();
    const urls = [1, 2, 3].map((value) => server.publish(image(value)).url);
    const statuses = await Promise.all(urls.map(async (url) => (await fetch(url)).status));
    expect(statuses).toEqual([403, 200, 200]);
  });

  it('refuses tags that devices do not take', async () => {
    const { server } = await start();
    expect(() => server.publish(image(1, 'x'.repeat(128)))).not.toThrow();
    expect(() => server.publish(image(1, 'ü'.repeat(65)))).toThrow(
      expect.objectContaining({ code: 'machine-config/tag-too-long' }),
    );
    expect(() => server.publish(image(1, ''))).toThrow(
      expect.objectContaining({ code: 'machine-config/tag-empty' }),
    );
  });

  it('calls a download complete when its parts make the whole, and not before', async () => {
    const { server, events, next } = await start();
    const { url } = server.publish(image(1));
    const part = async (range: string) => {
      const response = await fetch(url, { headers: { range, connection: 'close' } });
      await response.arrayBuffer();
    };
    await (await fetch(url, { method: 'HEAD' })).arrayBuffer();
    await part('bytes=0-39999');
    expect(await next('progress')).toMatchObject({ sentBytes: 40_000, totalBytes: 100_000 });
    await part('bytes=80000-');
    expect(await next('progress')).toMatchObject({ sentBytes: 60_000 });
    await part('bytes=30000-79999');
    expect(await next('complete')).toMatchObject({ device: '127.0.0.1', sentBytes: 100_000 });
    expect(events.filter(({ event }) => event === 'complete')).toHaveLength(1);
    expect(events.filter(({ event }) => event === 'request')).toMatchObject([
      { method: 'HEAD', status: 200, range: null },
      { method: 'GET', status: 206, range: [0, 39_999] },
      { method: 'GET', status: 206, range: [80_000, 99_999] },
      { method: 'GET', status: 206, range: [30_000, 79_999] },
    ]);
  });

  it('counts a resumed download with what was cut off before', async () => {
    const { server, next } = await start();
    const length = 30_000_000;
    const { url } = server.publish({ bytes: bytesOf(1, length), fileName: 'a.bin', tag: 'v1' });
    const socket = rawClient(server.port);
    socket.write(`GET ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await once(socket, 'readable');
    socket.resetAndDestroy();
    const cut = await next('aborted');
    expect(cut).toMatchObject({ reason: 'peer-gone', totalBytes: length });
    const resumed = rawClient(server.port);
    resumed.write(
      `GET ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nRange: bytes=10-\r\n\r\n`,
    );
    await readToEnd(resumed);
    expect(await next('complete')).toMatchObject({ sentBytes: length });
  });

  it('tells why it refused', async () => {
    const { server, next } = await start();
    const { url } = server.publish(image(1));
    await fetch(url, { method: 'DELETE' });
    expect(await next('rejected')).toMatchObject({ reason: 'method', status: 405 });
    await fetch(url, { headers: { range: 'bytes=100000-' } });
    expect(await next('rejected')).toMatchObject({ reason: 'range', status: 416 });
    await fetch(url, { headers: { 'if-match': '"x"' } });
    expect(await next('rejected')).toMatchObject({ reason: 'precondition', status: 412 });
  });

  it('lets no token into any event but the one that is for it', async () => {
    const { server, events, next } = await start();
    const { url } = server.publish(image(1));
    const token = new URL(url).pathname.split('/')[1] ?? '';
    const socket = rawClient(server.port);
    const lines = [`GET /${token} HTTP/1.1`, 'Host: x', 'User-Agent: \u001b[31mred', '', ''];
    socket.write(lines.join('\r\n'));
    await once(socket, 'data');
    await (await fetch(url)).arrayBuffer();
    await fetch(url.replace('/my-app', 'x/my-app'));
    await fetch(url, { method: 'POST', body: token });
    await server[Symbol.asyncDispose]();
    await next('request');
    expect(events.length).toBeGreaterThan(4);
    const rest = events.filter(({ event }) => event !== 'listening');
    expect(JSON.stringify(rest)).not.toContain(token);
    expect(JSON.stringify(rest)).not.toContain('\\u001b');
  });

  it('breaks downloads off when it is closed, and frees the port', async () => {
    const { server, next } = await start();
    const { url } = server.publish({ bytes: bytesOf(1, 30_000_000), fileName: 'a', tag: 'v1' });
    const socket = rawClient(server.port);
    socket.write(`GET ${new URL(url).pathname} HTTP/1.0\r\n\r\n`);
    await once(socket, 'readable');
    await server[Symbol.asyncDispose]();
    expect(await next('aborted')).toMatchObject({ reason: 'shut-down' });
    const again = await createOtaServer({
      port: server.port,
      bind: '127.0.0.1',
      host: '127.0.0.1',
      key: null,
    });
    await again[Symbol.asyncDispose]();
  });
});
