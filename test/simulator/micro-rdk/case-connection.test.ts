import { createServer as createHttp1Server } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createDial, type Dial, DialFailure } from '../../../src/simulator/index.ts';
import { buildTestApp } from '../../support/build-image.ts';
import {
  listening,
  respondWith,
  serveHttp2,
  serveRaw,
  serveTcp,
} from '../../support/http2-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { createTestDevice, machineConfig, ota, RETRY_MS } from '../../support/micro-rdk.ts';
import { selfSignedCertificate } from '../../support/self-signed.ts';

const TLS = selfSignedCertificate();
const image = await buildTestApp({ descriptor: { version: '2.0.0' } });
const GIVEN_UP = 'failed to complete ota update: failed to establish connection';
const FIVE_RETRIES = Array.from({ length: 5 }, () => RETRY_MS);

const refusing: Dial = async () => {
  throw new DialFailure('connect', 'Connection refused');
};

describe('how the device connects', () => {
  it('case 13: a server of HTTP/1.1 alone fails at once, without a second try', async () => {
    const http1 = createHttp1Server((_, response) => response.end(image));
    await using server = await listening(http1, new Set());
    const { poll, failures, log, clock } = await createTestDevice();
    await poll(ota(`${server.origin}/app.bin`));
    expect(failures()).toEqual(['failed to complete ota update: http2 error']);
    expect(log).toContain('connection failed: GoAway(b"", FRAME_SIZE_ERROR, Library)');
    expect(log.filter((line) => line.startsWith('OTA connection attempt'))).toHaveLength(1);
    expect(clock.slept).toEqual([]);
  });

  it('case 14: a self-signed certificate is refused five times, a second apart', async () => {
    const secure = createSecureServer(TLS, (_, response) => response.end(image));
    secure.on('sessionError', () => {}).on('tlsClientError', () => {});
    await using server = await listening(secure, new Set());
    const { poll, failures, log, clock } = await createTestDevice();
    await poll(ota(`https://127.0.0.1:${server.port}/app.bin`));
    expect(failures()).toEqual([GIVEN_UP]);
    expect(
      log.filter((line) => /^failed to create tcp stream: self.signed/.test(line)),
    ).toHaveLength(5);
    expect(clock.slept).toEqual(FIVE_RETRIES);
  });

  it('takes an update over TLS from a server that it can trust', async () => {
    const secure = createSecureServer(TLS);
    secure.on('stream', (stream) => respondWith(image)({ stream, headers: {} }));
    const sockets = new Set<Socket>();
    secure.on('connection', (socket: Socket) => sockets.add(socket));
    await using server = await listening(secure, sockets);
    const { poll, failures, device } = await createTestDevice({
      dialOptions: { trustedRoots: [TLS.cert] },
    });
    await poll(ota(`https://localhost:${server.port}/app.bin`));
    expect(failures()).toEqual([]);
    expect(device.runningSlot).toBe('ota_1');
  });

  it('case 15: TLS without h2 in ALPN is refused in the handshake, five times', async () => {
    const offered: unknown[] = [];
    const tls = createTlsServer({
      ...TLS,
      ALPNCallback: ({ protocols }) => {
        offered.push(protocols);
        return undefined;
      },
    });
    tls.on('tlsClientError', () => {});
    await using server = await listening(tls, new Set());
    const { poll, failures, log } = await createTestDevice({
      dialOptions: { trustedRoots: [TLS.cert] },
    });
    await poll(ota(`https://localhost:${server.port}/app.bin`));
    expect(offered).toEqual(Array.from({ length: 5 }, () => ['h2']));
    expect(failures()).toEqual([GIVEN_UP]);
    expect(log.filter((line) => line.startsWith('failed to create tcp stream: '))).toHaveLength(5);
  });

  it('tries a refused connection five times, a second apart, and anew with the next poll', async () => {
    const { poll, failures, log, clock } = await createTestDevice({ dial: refusing });
    await poll(ota('http://10.0.0.1:3001/app.bin'));
    expect(clock.slept).toEqual(FIVE_RETRIES);
    await poll();
    expect(failures()).toEqual([GIVEN_UP, GIVEN_UP]);
    expect(log).toContain('failed to create http connection: Connection refused');
    expect(log).toContain(
      'attempting to retry connection to `http://10.0.0.1:3001/app.bin` in 1 seconds',
    );
  });

  it('fails at once when the server hangs up instead of answering', async () => {
    await using server = await serveTcp((socket) => socket.once('data', () => socket.end()));
    const { poll, failures, clock } = await createTestDevice();
    await poll(ota(`${server.origin}/app.bin`));
    expect(failures()).toEqual(['failed to complete ota update: connection error']);
    expect(clock.slept).toEqual([]);
  });

  it('case 33: a server that never answers keeps the device waiting for ever', async () => {
    await using server = await serveTcp(() => {});
    const clock = new ManualClock();
    const { device, setConfig, kinds, log } = await createTestDevice({ clock });
    setConfig(machineConfig(ota(`${server.origin}/app.bin`)));
    const power = new AbortController();
    const poll = device.poll(power.signal).catch((error: unknown) => error);
    await expect.poll(() => log.at(-1)).toBe('ota connected, beginning download');
    await clock.advance(24 * 3_600_000);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(kinds().at(-1)).toBe('update');
    const unplugged = new Error('unplugged');
    power.abort(unplugged);
    expect(await poll).toBe(unplugged);
  });
});

describe('what the device makes of an answer', () => {
  it.each([
    ['absolute', (origin: string) => `${origin}/moved.bin`, null],
    ['relative', () => '/moved.bin', 'no authority present in uri'],
    ['missing', () => null, 'invalid redirection response header: {}'],
  ])('case 16: a redirect with a location that is %s', async (_, locate, refusal) => {
    await using server = await serveRaw((peer) => {
      const location = locate(target.origin);
      peer.headers(302, location === null ? {} : { location }, true);
    });
    await using target = await serveHttp2(respondWith(image));
    const { poll, failures, device } = await createTestDevice();
    await poll(ota(`${server.origin}/app.bin`));
    expect(failures()).toEqual(
      refusal === null ? [] : [`failed to complete ota update: ${refusal}`],
    );
    expect(device.runningSlot).toBe(refusal === null ? 'ota_1' : 'ota_0');
  });

  it.each([
    [4, 'v2'],
    [5, null],
  ])('case 16: %i redirects in a row', async (hops, tag) => {
    await using server = await serveHttp2((request) => {
      const hop = Number(/\d+/.exec(String(request.headers[':path']))?.[0]);
      if (hop === hops) respondWith(image)(request);
      else {
        request.stream.respond(
          { ':status': 301, location: `${server.origin}/${hop + 1}` },
          { endStream: true },
        );
      }
    });
    const { poll, failures, values, clock } = await createTestDevice();
    await poll(ota(`${server.origin}/0`));
    expect(values.get('OTA_VERSION')).toBe(tag);
    expect(failures()).toEqual(tag === null ? [GIVEN_UP] : []);
    expect(server.requests).toHaveLength(5);
    expect(clock.slept).toEqual([]);
  });

  it('case 16: a redirect to http without a port goes to 443', async () => {
    const dialled: string[] = [];
    await using server = await serveRaw((peer) =>
      peer.headers(302, { location: 'http://10.0.0.1/app.bin' }, true),
    );
    const real = createDial();
    const { poll, failures } = await createTestDevice({
      dial: (uri, signal) => {
        dialled.push(uri.authority);
        return uri.port === server.port ? real(uri, signal) : refusing(uri, signal);
      },
    });
    await poll(ota(`${server.origin}/app.bin`));
    expect(dialled).toEqual([`127.0.0.1:${server.port}`, ...Array(4).fill('10.0.0.1:443')]);
    expect(failures()).toEqual([GIVEN_UP]);
  });

  it.each([
    [401, 'Unauthorized'],
    [403, 'Forbidden'],
    [404, 'Not Found'],
    [500, 'Internal Server Error'],
  ])('case 17: status %i is one error per poll', async (status, text) => {
    await using server = await serveHttp2(({ stream }) =>
      stream.respond({ ':status': status, 'content-length': 0 }, { endStream: true }),
    );
    const clock = new ManualClock((durationMs) => durationMs === RETRY_MS);
    const { device, setConfig, failures, values } = await createTestDevice({ clock });
    setConfig(machineConfig(ota(`${server.origin}/app.bin`)));
    const power = new AbortController();
    const running = device.run(10_000, power.signal).catch(() => {});
    await clock.sleeperFor(10_000);
    expect(server.requests).toHaveLength(1);
    await clock.advance(10_000);
    await clock.sleeperFor(10_000);
    power.abort(new Error('unplugged'));
    await running;
    const failure = `failed to complete ota update: Bad Request - Status: ${status} ${text}`;
    expect(failures()).toEqual([failure, failure]);
    expect(server.requests).toHaveLength(2);
    expect(values.get('OTA_VERSION')).toBeNull();
  });

  it.each([200, 204, 206, 299])('case 18: status %i with a length is a success', async (status) => {
    await using server = await serveRaw((peer) => {
      peer.headers(status, { 'content-length': String(image.length) });
      for (let at = 0; at < image.length; at += 16_384) {
        peer.data(image.subarray(at, at + 16_384), at + 16_384 >= image.length);
      }
    });
    const { poll, failures, device } = await createTestDevice();
    await poll(ota(`${server.origin}/app.bin`));
    expect(failures()).toEqual([]);
    expect(device.runningSlot).toBe('ota_1');
  });
});
