import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Dial, DialFailure } from '../../../src/simulator/index.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { respondWith, serveHttp2 } from '../../support/http2-server.ts';
import { createTestDevice, ota } from '../../support/micro-rdk.ts';

const image = await buildTestApp();
const GIVEN_UP = 'failed to complete ota update: failed to establish connection';

/** Reaches nobody, and remembers whom it should have reached. */
function recordingDial(): { readonly dial: Dial; readonly dialled: string[] } {
  const dialled: string[] = [];
  return {
    dialled,
    dial: async ({ scheme, authority }) => {
      dialled.push(`${scheme} ${authority}`);
      throw new DialFailure('connect', 'Connection refused');
    },
  };
}

describe('what the device makes of a URL', () => {
  it('case 8: http without a port dials 443, and says that this is odd', async () => {
    const { dial, dialled } = recordingDial();
    const { poll, log } = await createTestDevice({ dial });
    await poll(ota('http://10.0.0.1/app.bin'));
    expect(dialled[0]).toBe('http 10.0.0.1:443');
    expect(log).toContain('no port found and not https');
    expect(log).toContain('OTA connection attempt 1: `http://10.0.0.1:443/app.bin` ');
  });

  it('case 9: https without a port dials 443, and that is fine', async () => {
    const { dial, dialled } = recordingDial();
    const { poll, log } = await createTestDevice({ dial });
    await poll(ota('https://example.com/app.bin'));
    expect(dialled[0]).toBe('https example.com:443');
    expect(log).not.toContain('no port found and not https');
  });

  it('case 10: user info goes into the name that is looked up, five times, in vain', async () => {
    const names: string[] = [];
    const lookup: LookupFunction = (name, _options, callback) => {
      names.push(name);
      callback(
        Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }),
        '',
      );
    };
    const { poll, failures, log, clock } = await createTestDevice({ dialOptions: { lookup } });
    await poll(ota('http://user:pass@localhost:8080/app.bin'));
    expect(names).toEqual(Array.from({ length: 5 }, () => 'user:pass@localhost'));
    expect(failures()).toEqual([GIVEN_UP]);
    expect(log).toContain(
      'failed to create http connection: failed to lookup address information: Name does not resolve',
    );
    expect(clock.slept).toEqual([1000, 1000, 1000, 1000, 1000]);
  });

  it.each([
    '/app.bin?token=a%2Fb+c&x=1',
    '/a%20b/%7Etoken/app.bin',
    '/x?q=a?b/c',
    '/~t/"quoted"{brace}',
  ])('case 11: path and query arrive verbatim: %s', async (path) => {
    await using server = await serveHttp2(respondWith(image));
    const { poll } = await createTestDevice();
    await poll(ota(`${server.origin}${path}`));
    expect(server.requests.map(({ headers }) => headers[':path'])).toEqual([path]);
  });

  it('case 12: a fragment is dropped', async () => {
    await using server = await serveHttp2(respondWith(image));
    const { poll } = await createTestDevice();
    await poll(ota(`${server.origin}/app.bin?x=1#part`));
    expect(server.requests.map(({ headers }) => headers[':path'])).toEqual(['/app.bin?x=1']);
  });

  it.each([
    ['', 'the url ``, is not valid: empty string'],
    ['/app.bin', 'no authority present in uri'],
    ['10.0.0.1:3001/app.bin', 'the url `10.0.0.1:3001/app.bin`, is not valid: invalid format'],
    ['http:///app.bin', 'the url `http:///app.bin`, is not valid: invalid format'],
    ['http://h:99999/app.bin', 'failed to parse authority'],
    ['http://h:/app.bin', 'failed to parse authority'],
    ['http://h:1/a b', 'the url `http://h:1/a b`, is not valid: invalid uri character'],
    ['http://ho st:1/', 'the url `http://ho st:1/`, is not valid: invalid uri character'],
    ['http://fe80::1:3001/', 'the url `http://fe80::1:3001/`, is not valid: invalid authority'],
    [`http://h:1/${'x'.repeat(65_530)}`, 'uri too long'],
  ])('refuses %j without a connection', async (url, reason) => {
    const { dial, dialled } = recordingDial();
    const { poll, failures } = await createTestDevice({ dial });
    await poll(ota(url));
    expect(failures()).toHaveLength(1);
    expect(failures()[0]).toContain(reason);
    expect(dialled).toEqual([]);
  });

  it.each([
    ['HTTP://h:1/', 'http h:1'],
    ['ftp://h/x', 'ftp h:443'],
    ['http://[::1]/x', 'http [::1]:443'],
    ['http://[::1]:3001/x', 'http [::1]:3001'],
    ['example.com', 'null example.com:443'],
    ['http://h:1', 'http h:1'],
    ['https://user:1234@h/x', 'https user:1234@h:443'],
  ])('dials for %s: %s', async (url, target) => {
    const { dial, dialled } = recordingDial();
    const { poll } = await createTestDevice({ dial });
    await poll(ota(url));
    expect(dialled[0]).toBe(target);
  });

  it('sends a URL that fills several frames', async () => {
    await using server = await serveHttp2(respondWith(image));
    const { poll, failures } = await createTestDevice();
    const path = `/${'x'.repeat(20_000)}`;
    await poll(ota(`${server.origin}${path}`));
    expect(server.requests.map(({ headers }) => headers[':path'])).toEqual([path]);
    expect(failures()).toEqual([]);
  });
});
