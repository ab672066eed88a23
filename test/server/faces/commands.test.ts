import { once } from 'node:events';
import { connect } from 'node:http2';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type FaceHost, startFaceHost } from '../../support/face-host.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const auth = { authorization: 'Bearer otd_one' };
const COMMANDS = '/api/v1/devices/one/commands';

async function host(clock?: ManualClock): Promise<FaceHost> {
  const started = await startFaceHost(clock);
  started.gate.add('one', 'otd_one');
  return started;
}

const poll = async (server: FaceHost, query = '') => {
  const answer = await fetch(`${server.url}${COMMANDS}${query}`, { headers: auth });
  return { status: answer.status, ...((await answer.json()) as Record<string, unknown>) };
};

/** Reads server-sent events with a parser that nobody here wrote. */
function eventReader() {
  const events: EventSourceMessage[] = [];
  let comments = 0;
  let wake = () => {};
  const parser = createParser({
    onEvent: (event) => {
      events.push(event);
      wake();
    },
    onComment: () => {
      comments += 1;
      wake();
    },
  });
  const until = async (isThere: () => boolean) => {
    while (!isThere()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    feed: (text: string) => parser.feed(text),
    next: async () => {
      await until(() => events.length > 0);
      return events.shift();
    },
    comment: () => until(() => comments > 0),
  };
}

describe('GET …/commands', () => {
  it('hands out at once what waits', async () => {
    await using server = await host();
    server.gate.command('one', 'cmd_1', 'reboot', { in: 5 });
    expect(await poll(server, '?wait=60')).toEqual({
      status: 200,
      commands: [
        {
          command_id: 'cmd_1',
          name: 'reboot',
          payload: { in: 5 },
          created_at: expect.stringMatching(/Z$/) as string,
          expires_at: null,
          delivery: 1,
        },
      ],
      news: false,
    });
    expect(await poll(server)).toEqual({ status: 200, commands: [], news: false });
  });

  it('answers as soon as there is a command, or something new to run', async () => {
    const clock = new ManualClock();
    await using server = await host(clock);
    const first = poll(server, '?wait=60');
    await clock.sleeperFor(60_000);
    server.gate.command('one', 'cmd_1', 'reboot');
    expect(await first).toMatchObject({ commands: [{ command_id: 'cmd_1' }], news: true });
    const second = poll(server, '?wait=59');
    await clock.sleeperFor(59_000);
    server.gate.assign('one', { version: '2', bytes: new Uint8Array(9) });
    expect(await second).toEqual({ status: 200, commands: [], news: true });
  });

  it('answers empty when the time is over, which is never longer than two minutes', async () => {
    const clock = new ManualClock();
    await using server = await host(clock);
    const waiting = poll(server, '?wait=999999');
    await clock.sleeperFor(120_000);
    await clock.advance(120_000);
    expect(await waiting).toEqual({ status: 200, commands: [], news: false });
  });

  it('counts what changed between the last answer of /ota and the wait as news', async () => {
    await using server = await host();
    const etag = async () => {
      const answer = await fetch(`${server.url}/api/v1/devices/one/ota`, { headers: auth });
      return encodeURIComponent(answer.headers.get('etag') ?? '');
    };
    const seen = await etag();
    server.gate.assign('one', { version: '2', bytes: new Uint8Array(9) });
    expect(await poll(server, `?wait=60&seen=${seen}`)).toMatchObject({ news: true });
    expect(await poll(server, `?seen=${await etag()}`)).toMatchObject({ news: false });
  });

  it('ends when the server stops', async () => {
    const clock = new ManualClock();
    const server = await host(clock);
    const waiting = poll(server, '?wait=60').catch(() => 'broken off');
    await clock.sleeperFor(60_000);
    await server[Symbol.asyncDispose]();
    await waiting;
    expect(server.bugs).toEqual([]);
  });

  it('lets a device that has hung up go', async () => {
    const clock = new ManualClock();
    await using server = await host(clock);
    const hangUp = new AbortController();
    const waiting = fetch(`${server.url}${COMMANDS}?wait=60`, {
      headers: auth,
      signal: hangUp.signal,
    }).catch(() => 'hung up');
    await clock.sleeperFor(60_000);
    hangUp.abort();
    await waiting;
    // Its command is not thrown after it: the next who asks gets it.
    await clock.advance(2000);
    server.gate.command('one', 'cmd_1', 'reboot');
    expect(await poll(server)).toMatchObject({ commands: [{ command_id: 'cmd_1' }] });
    expect(server.bugs).toEqual([]);
  });

  it.each(['?wait=-1', '?wait=x', '?wait=1.5', `?seen=${'x'.repeat(101)}`])(
    'refuses %s',
    async (query) => {
      await using server = await host();
      expect(await poll(server, query)).toMatchObject({
        status: 422,
        code: 'server/invalid-request',
      });
    },
  );
});

describe('GET …/commands as an event stream', () => {
  it('over HTTP/1.1: commands, news, and a sign of life', async () => {
    const clock = new ManualClock();
    await using server = await host(clock);
    server.gate.command('one', 'cmd_1', 'reboot');
    const answer = await fetch(`${server.url}${COMMANDS}`, {
      headers: { ...auth, accept: 'text/event-stream' },
    });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = eventReader();
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of answer.body ?? []) reader.feed(decoder.decode(chunk));
    })().catch(() => {});
    const first = await reader.next();
    expect(first).toMatchObject({ id: 'cmd_1', event: 'command' });
    expect(JSON.parse(first?.data ?? '')).toMatchObject({ command_id: 'cmd_1', name: 'reboot' });
    await clock.sleeperFor(20_000);
    await clock.advance(20_000);
    await reader.comment();
    server.gate.command('one', 'cmd_2', 'blink');
    expect(await reader.next()).toMatchObject({ event: 'news' });
    expect(await reader.next()).toMatchObject({ id: 'cmd_2' });
    await server[Symbol.asyncDispose]();
    await reading;
    expect(server.bugs).toEqual([]);
  });

  it('over HTTP/2 with prior knowledge', async () => {
    await using server = await host();
    const session = connect(server.url);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':path': COMMANDS, accept: 'text/event-stream', ...auth });
    stream.on('error', () => {});
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    expect(headers[':status']).toBe(200);
    const reader = eventReader();
    stream.setEncoding('utf8').on('data', reader.feed);
    server.gate.command('one', 'cmd_1', 'reboot');
    expect(await reader.next()).toMatchObject({ event: 'news' });
    expect(await reader.next()).toMatchObject({ id: 'cmd_1' });
    stream.close();
  });

  it('ends for a device that was disabled', async () => {
    const clock = new ManualClock();
    await using server = await host(clock);
    const answer = await fetch(`${server.url}${COMMANDS}`, {
      headers: { ...auth, accept: 'text/event-stream' },
    });
    await clock.sleeperFor(20_000);
    server.gate.disable('one');
    server.gate.assign('one');
    expect(await answer.text()).toBe('retry: 5000\n\n');
  });
});

describe('POST …/commands/{cid}/ack', () => {
  const acknowledge = (server: FaceHost, body: string) =>
    fetch(`${server.url}${COMMANDS}/cmd_1/ack`, { method: 'POST', headers: auth, body });

  it('says what became of it; nothing at all means done', async () => {
    await using server = await host();
    server.gate.command('one', 'cmd_1', 'reboot');
    expect((await acknowledge(server, '')).status).toBe(204);
    await acknowledge(server, '{"status":"failed","result":{"why":"busy"}}');
    expect(server.gate.acknowledged).toEqual([
      { commandId: 'cmd_1', succeeded: true },
      { commandId: 'cmd_1', succeeded: false, result: { why: 'busy' } },
    ]);
  });

  it.each(['{"status":"maybe"}', 'ok'])('refuses %s', async (body) => {
    await using server = await host();
    server.gate.command('one', 'cmd_1', 'reboot');
    expect((await acknowledge(server, body)).status).toBeGreaterThanOrEqual(400);
    expect(server.gate.acknowledged).toEqual([]);
  });
});
