import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createOtaServer,
  type DownloadEvent,
  eventsUrl,
  followDownloads,
  type OtaServer,
  type ServeEvent,
} from '../../src/serve/index.ts';
import { ServerSentEventParser } from '../../src/serve/server-sent-events.ts';
import { systemClock } from '../../src/shared/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

const KEY = new Uint8Array(32).fill(9);
const HOUR_MS = 3_600_000;

async function start({ clock, key = KEY }: { clock?: ManualClock; key?: Uint8Array | null } = {}) {
  const events: ServeEvent[] = [];
  const server = await createOtaServer({
    port: 0,
    bind: '127.0.0.1',
    host: '127.0.0.1',
    key,
    ttlMs: HOUR_MS,
    ...(clock === undefined ? {} : { clock }),
    onEvent: (event) => events.push(event),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { server, events };
}

const publish = (server: OtaServer, value = 1) =>
  server.publish({
    bytes: new Uint8Array(50_000).fill(value),
    fileName: 'app.bin',
    tag: `v${value}`,
  }).url;

const watched = (url: string) => eventsUrl(url) ?? 'not ours';

/** A stream that is open, and its events one by one. */
async function open(url: string, headers: Record<string, string> = {}) {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const response = await fetch(url, { headers, signal: stop.signal });
  const parser = new ServerSentEventParser();
  const events = (async function* () {
    for await (const bytes of response.body ?? []) {
      yield* parser.push(new TextDecoder().decode(bytes));
    }
  })();
  return { response, events, parser };
}

/** As a device does it: HTTP/2, which says at once when the last byte has arrived. */
async function download(url: string): Promise<void> {
  const { origin, pathname } = new URL(url);
  const session = connectHttp2(origin);
  const stream = session.request({ ':path': pathname }).resume();
  await once(stream, 'end');
  session.close();
}

describe('eventsUrl', () => {
  it('is beside the image, on servers of ours only', () => {
    const token = 'A'.repeat(28);
    expect(eventsUrl(`http://10.0.0.5:3001/${token}/app.bin`)).toBe(
      `http://10.0.0.5:3001/${token}/events`,
    );
    expect(eventsUrl(`https://x.example/ota/${token}/a.bin?x#y`)).toBe(
      `https://x.example/ota/${token}/events`,
    );
    expect(eventsUrl('http://10.0.0.5:3001/0123456789ab/app.bin')).toContain('/events');
    for (const other of [
      'https://github.com/x/releases/download/v1/app.bin',
      `ftp://10.0.0.5/${token}/app.bin`,
      `http://10.0.0.5/${token}/app.elf`,
      'no url',
    ]) {
      expect(eventsUrl(other)).toBeNull();
    }
  });
});

describe('the event stream of a server', () => {
  it('tells the holder of the token what becomes of the image, and no secrets', async () => {
    const { server } = await start();
    const url = publish(server);
    const { response, events } = await open(watched(url));
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    await download(url);
    const first = await events.next();
    expect(first.value).toMatchObject({ id: '1', event: 'request' });
    let last = first.value;
    for await (const event of events) {
      last = event;
      if (event.event === 'complete') break;
    }
    expect(JSON.parse(last?.data ?? '')).toMatchObject({
      event: 'complete',
      device: '127.0.0.1',
      sentBytes: 50_000,
      tag: 'v1',
    });
    expect(JSON.stringify([first, last])).not.toContain(new URL(url).pathname.split('/')[1]);
  });

  it('tells nothing of other images', async () => {
    const { server } = await start();
    const [one, two] = [publish(server, 1), publish(server, 2)];
    const { events } = await open(watched(one));
    await download(two);
    await download(one);
    expect((await events.next()).value?.data).toContain('"tag":"v1"');
  });

  it('goes on after a break where it was told', async () => {
    const { server, events: told } = await start();
    const url = publish(server);
    const { events, parser } = await open(watched(url));
    await download(url);
    await events.next();
    expect(parser.lastId).not.toBe('');
    await expect.poll(() => told.some(({ event }) => event === 'complete')).toBe(true);
    const all = await open(watched(url), { 'last-event-id': '0' });
    expect((await all.events.next()).value).toMatchObject({ id: '1', event: 'request' });
    const rest = await open(watched(url), { 'last-event-id': '1' });
    expect(Number((await rest.events.next()).value?.id)).toBeGreaterThan(1);
    // A number of an earlier run of the server, which counted further.
    const restarted = await open(watched(url), { 'last-event-id': '99999' });
    expect((await restarted.events.next()).value).toMatchObject({ id: '1' });
  });

  it('is as closed as the image: a wrong or expired token gets 403', async () => {
    const clock = new ManualClock();
    const { server, events } = await start({ clock });
    const url = publish(server);
    const wrong = url.replace(/\/[\w-]{28}\//, `/${'A'.repeat(28)}/`);
    expect((await fetch(watched(wrong))).status).toBe(403);
    await clock.advance(HOUR_MS);
    expect((await fetch(watched(url))).status).toBe(403);
    expect(events.slice(1)).toMatchObject([
      { event: 'rejected', reason: 'wrong-token' },
      { event: 'rejected', reason: 'expired-token' },
    ]);
  });

  it('ends when its token expires', async () => {
    const clock = new ManualClock();
    const { server } = await start({ clock });
    const { events } = await open(watched(publish(server)));
    const ended = events.next();
    await clock.advance(HOUR_MS + 1000);
    expect(await ended).toEqual({ done: true, value: undefined });
  });

  it('has a heartbeat, which is no event', async () => {
    const clock = new ManualClock();
    const { server } = await start({ clock });
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const response = await fetch(watched(publish(server)), { signal: stop.signal });
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('retry: 2000\nid: 0\n\n');
    await clock.advance(16_000);
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(': still here\n\n');
  });

  it('answers other methods and too many readers', async () => {
    const { server, events } = await start();
    const url = watched(publish(server));
    const posted = await fetch(url, { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    await Promise.all(Array.from({ length: 16 }, () => open(url)));
    const refused = await fetch(url);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
    expect(events.at(-1)).toMatchObject({ event: 'rejected', reason: 'busy', status: 503 });
  });

  it('gives a place free when a reader goes away', async () => {
    const clock = new ManualClock();
    const { server } = await start({ clock });
    const url = watched(publish(server));
    const stop = new AbortController();
    await Promise.all(Array.from({ length: 16 }, () => fetch(url, { signal: stop.signal })));
    stop.abort();
    await expect
      .poll(async () => {
        await clock.advance(1000);
        const response = await fetch(url);
        await response.body?.cancel();
        return response.status;
      })
      .toBe(200);
  });

  it('works over HTTP/2, and without tokens', async () => {
    const { server } = await start({ key: null });
    const url = publish(server);
    const { origin, pathname } = new URL(watched(url));
    const session = connectHttp2(origin);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':path': pathname });
    const parser = new ServerSentEventParser();
    const first = new Promise((resolve) => {
      stream.on('data', (chunk: Buffer) => {
        for (const event of parser.push(chunk.toString())) resolve(event);
      });
    });
    await new Promise((resolve) => stream.once('response', resolve));
    await download(url);
    expect(await first).toMatchObject({ event: 'request' });
  });
});

describe('followDownloads', () => {
  /** Takes events until one of this name. */
  async function until(events: AsyncIterator<DownloadEvent>, name: DownloadEvent['event']) {
    for (;;) {
      const { value, done } = await events.next();
      if (done) throw new Error(`it ended before "${name}"`);
      if (value.event === name) return value;
    }
  }

  it('reads the events of a server, over a restart of it', async () => {
    const clock = new ManualClock((durationMs) => durationMs === 2000);
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const first = await start();
    const url = publish(first.server);
    const followed = await followDownloads(url, { clock, signal: stop.signal });
    if (followed === null) throw new Error('the server was not recognised');
    const events = followed[Symbol.asyncIterator]();
    await download(url);
    expect(await until(events, 'complete')).toMatchObject({ tag: 'v1', sentBytes: 50_000 });
    const { port } = first.server;
    await first.server[Symbol.asyncDispose]();
    const again = await createOtaServer({ port, bind: '127.0.0.1', host: '127.0.0.1', key: KEY });
    onTestFinished(() => again[Symbol.asyncDispose]());
    publish(again);
    await download(url);
    expect(await until(events, 'complete')).toMatchObject({ tag: 'v1' });
    stop.abort();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('is null where nothing answers, or something else does', async () => {
    const { signal } = new AbortController();
    const { server } = await start();
    const url = publish(server);
    const options = { clock: systemClock, signal };
    expect(await followDownloads('http://127.0.0.1:9/app.bin', options)).toBeNull();
    expect(
      await followDownloads(url.replace(/\/[\w-]{28}\//, `/${'A'.repeat(28)}/`), options),
    ).toBeNull();
    await server[Symbol.asyncDispose]();
    expect(await followDownloads(url, options)).toBeNull();
  });
});
