import type { lookup } from 'node:dns';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAddressGuard } from '../../../src/fleet/addresses/address-guard.ts';
import { type FetchLimits, fetchUri, shownUri } from '../../../src/fleet/artifacts/fetch-uri.ts';
import { concatBytes } from '../../../src/shared/index.ts';
import { artifactFleet, CI, sha256Of } from '../../support/artifact-fleet.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** A server on loopback that counts who came. */
async function serve(listener: RequestListener) {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    listener(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, requests: () => requests };
}

function limits(fields: Partial<FetchLimits> = {}): FetchLimits {
  return {
    guard: createAddressGuard(true),
    clock: new ManualClock(),
    maxBytes: 1000,
    timeoutMs: 60_000,
    s3: null,
    ...fields,
  };
}

async function fetched(uri: string, fields: Partial<FetchLimits> = {}): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of fetchUri(uri, limits(fields))) chunks.push(chunk);
  return new TextDecoder().decode(concatBytes(chunks));
}

/** Names that mean what the test says, one answer after the other. */
function names(...answers: readonly string[]): typeof lookup {
  let asked = 0;
  const resolve = (_name: string, _options: unknown, callback: (...args: unknown[]) => void) => {
    const address = answers[Math.min(asked, answers.length - 1)] ?? '';
    asked += 1;
    callback(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
  };
  return resolve as unknown as typeof lookup;
}

describe('fetching from an address', () => {
  it('gives the bytes, also behind redirects', async () => {
    const { url } = await serve((request, response) => {
      const hop = Number(request.url?.slice(1));
      if (hop < 5) response.writeHead(302, { location: `/${hop + 1}` }).end('not this');
      else response.end('firmware');
    });
    expect(await fetched(`${url}/5`)).toBe('firmware');
    expect(await fetched(`${url}/0`)).toBe('firmware');
    await expect(fetched(`${url}/-1`)).rejects.toMatchObject({
      code: 'fleet/fetch-failed',
      kind: 'network',
      details: { why: 'it redirects more than 5 times' },
    });
  });

  it.each([
    ['404', (_, response) => void response.writeHead(404).end(), 'it answered 404'],
    ['206', (_, response) => void response.writeHead(206).end('part'), 'it answered 206'],
    ['304', (_, response) => void response.writeHead(304).end(), 'it answered 304'],
    [
      'a redirect to nowhere',
      (_, response) => void response.writeHead(302).end(),
      'it redirects to nowhere',
    ],
    [
      'a redirect to a file',
      (_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      'it redirects to file:, and only http and https are followed',
    ],
    [
      'a compressed answer',
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
      'it answered gzip-compressed, which was not asked for',
    ],
    ['a hang-up', (request) => void request.socket.destroy(), 'socket hang up'],
    [
      'a hang-up in the middle',
      (_, response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('half', () => response.destroy());
      },
      'it was cut off after 4 of 100 bytes',
    ],
    [
      'a hang-up in the middle of nobody knows how much',
      (_, response) => void response.write('half', () => response.destroy()),
      'it was cut off after 4 bytes',
    ],
  ] as const satisfies readonly (readonly [string, RequestListener, string])[])(
    'says what came instead: %s',
    async (_, listener, why) => {
      const { url } = await serve(listener);
      await expect(fetched(`${url}/x?token=secret`)).rejects.toMatchObject({
        code: 'fleet/fetch-failed',
        httpStatus: 502,
        details: { uri: `${url}/x`, why },
      });
    },
  );

  it('says where it came from when it is cut off behind a redirect, without what may be a secret', async () => {
    const cdn = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.destroy());
    });
    const { url } = await serve((_, response) => {
      response.writeHead(302, { location: `${cdn.url}/fw.bin?signature=secret` }).end();
    });
    const failure = fetched(`${url}/x?token=secret`);
    await expect(failure).rejects.toMatchObject({
      message: `${url}/x could not be fetched: it was cut off after 4 of 100 bytes from ${cdn.url}/fw.bin.`,
    });
    await expect(failure).rejects.not.toMatchObject({
      message: expect.stringContaining('secret') as string,
    });
  });

  it('refuses what says that it is too much before any of it comes', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 1001 }).flushHeaders();
    });
    await expect(fetched(url)).rejects.toMatchObject({ code: 'fleet/too-large' });
  });

  it('gives up after its time, whatever trickles in', async () => {
    const clock = new ManualClock();
    const { url } = await serve((_, response) => {
      response.write('a', () => void clock.advance(60_000));
    });
    await expect(fetched(url, { clock })).rejects.toMatchObject({
      code: 'fleet/fetch-failed',
      details: {
        // Whether the byte has come by then is not for the test to say.
        why: expect.stringMatching(
          /^it took longer than 1 min 0 s(?:, after [01] bytes?)?$/,
        ) as string,
      },
    });
  });

  it('ends when it is called off', async () => {
    const stop = new AbortController();
    const { url } = await serve(() => stop.abort(new Error('called off')));
    await expect(fetched(url, { signal: stop.signal })).rejects.toThrow('called off');
    await expect(fetched(url, { signal: stop.signal })).rejects.toThrow('called off');
  });

  it.each([
    'file:///etc/passwd',
    'ftp://example.com/x',
    'data:text/plain,x',
    'javascript:1',
    'gopher://example.com',
    '/etc/passwd',
    '',
    'http://',
    'http://user:password@example.com/x',
    `http://example.com/${'x'.repeat(3000)}`,
  ])('takes no %j', async (uri) => {
    await expect(fetched(uri)).rejects.toMatchObject({
      code: 'fleet/invalid',
      details: { field: 'artifactUri' },
    });
  });

  it('does not write signatures of URLs into logs', () => {
    expect(shownUri('https://x.example/fw.bin?X-Amz-Signature=abc#y')).toBe(
      'https://x.example/fw.bin',
    );
  });
});

describe('addresses of the own network', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://127.0.0.1:1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://017700000001/',
    'http://0/',
    'http://10.0.0.1/',
    'http://192.168.1.1/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[fe80::1]/',
    'http://[fd00::1]/',
    'http://127.0.0.1./',
  ])('are not connected to: %s', async (uri) => {
    await expect(fetched(uri, { guard: createAddressGuard(false) })).rejects.toMatchObject({
      code: 'fleet/address-refused',
    });
  });

  it.each(['127.0.0.1', '::1', '169.254.169.254', '::ffff:10.0.0.1'])(
    'are not connected to under a name either: %s',
    async (address) => {
      const guard = createAddressGuard(false, names(address));
      await expect(fetched('http://innocent.example/', { guard })).rejects.toMatchObject({
        code: 'fleet/address-refused',
        details: { host: 'innocent.example', address },
      });
    },
  );

  it('are not reached by localhost, which the machine itself knows', async () => {
    const { port, requests } = await serve((_, response) => void response.end('secret'));
    const guard = createAddressGuard(false);
    await expect(fetched(`http://localhost:${port}/`, { guard })).rejects.toMatchObject({
      code: 'fleet/address-refused',
    });
    expect(requests()).toBe(0);
  });

  it('are not reached by a redirect', async () => {
    const inner = await serve((_, response) => void response.end('secret'));
    const outer = await serve((_, response) => {
      response.writeHead(302, { location: `http://127.0.0.2:${inner.port}/` }).end();
    });
    // The first server stands for a public one: only it is let through, by its very address.
    const strict = createAddressGuard(false);
    const guard = {
      lookup: strict.lookup,
      check: (host: string) => (host === '127.0.0.1' ? undefined : strict.check(host)),
    };
    await expect(fetched(outer.url, { guard })).rejects.toMatchObject({
      code: 'fleet/address-refused',
      details: { address: '127.0.0.2' },
    });
    expect([outer.requests(), inner.requests()]).toEqual([1, 0]);
  });

  it('are not reached by a name that changes its meaning between two questions', async () => {
    const { port, requests } = await serve((_, response) => void response.end('secret'));
    // Whoever asked twice would see a public address first and connect to the private one.
    const guard = createAddressGuard(false, names('127.0.0.1', '93.184.216.34'));
    await expect(fetched(`http://rebind.example:${port}/`, { guard })).rejects.toMatchObject({
      code: 'fleet/address-refused',
    });
    let asked = 0;
    const once = createAddressGuard(true, ((name: string, options: object, callback: never) => {
      asked += 1;
      return names('127.0.0.1')(name, options, callback);
    }) as unknown as typeof lookup);
    expect(await fetched(`http://name.example:${port}/`, { guard: once })).toBe('secret');
    expect([asked, requests()]).toEqual([1, 1]);
  });
});

describe('fetching from S3', () => {
  const access = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI',
    region: 'eu-central-1',
  };

  it('signs the request and names bucket and key in the path of another endpoint', async () => {
    const { url } = await serve((request, response) => {
      const { authorization, host } = request.headers;
      response.end(
        JSON.stringify({
          path: request.url,
          authorization,
          host,
          date: request.headers['x-amz-date'],
        }),
      );
    });
    const s3 = { ...access, endpoint: url };
    const guard = createAddressGuard(false);
    const seen = JSON.parse(await fetched('s3://builds/fw/main 1.bin', { s3, guard })) as object;
    expect(seen).toMatchObject({
      path: '/builds/fw/main%201.bin',
      host: url.slice('http://'.length),
      date: '20260101T000000Z',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20260101\/eu-central-1\/s3\/aws4_request, SignedHeaders=host;/,
      ) as string,
    });
  });

  it('does not carry its signature to wherever it is redirected', async () => {
    const { url, requests } = await serve((_, response) => {
      response.writeHead(307, { location: 'http://elsewhere.example/' }).end();
    });
    await expect(
      fetched('s3://builds/fw.bin', { s3: { ...access, endpoint: url } }),
    ).rejects.toMatchObject({ code: 'fleet/fetch-failed' });
    expect(requests()).toBe(1);
  });

  it.each([
    ['s3://builds/fw.bin', null],
    ['s3://builds', access],
    ['s3:///fw.bin', access],
    ['s3://builds:80/fw.bin', access],
    ['s3://x/fw.bin', access],
  ])('refuses %s where there are no credentials or no object', async (uri, s3) => {
    await expect(fetched(uri, { s3 })).rejects.toMatchObject({ code: 'fleet/invalid' });
  });
});

describe('an artifact from an address', () => {
  it('is checked like any other', async () => {
    const app = await buildTestApp();
    const { url } = await serve((_, response) => void response.end(app));
    await using world = await artifactFleet({ allowPrivateAddresses: true });
    const { artifacts, audit } = world.fleet;
    const fields = { packageId: 'main', blueprintIds: ['sensor'], sha256: sha256Of(app) };
    const uri = `${url}/fw.bin?sig=secret`;
    await expect(
      artifacts.fetch(CI, { ...fields, sha256: '00'.repeat(32) }, uri),
    ).rejects.toMatchObject({ code: 'fleet/digest-mismatch' });
    expect(await world.kept()).toEqual([]);
    expect(await artifacts.fetch(CI, fields, uri)).toMatchObject({ version: '1.0.0' });
    const { list } = await audit.list({}, { page: 0, perPage: 100 });
    expect(list.at(-1)?.details).toMatchObject({ origin: `${url}/fw.bin` });
  });

  it('has to say its SHA-256 beforehand', async () => {
    await using world = await artifactFleet({ allowPrivateAddresses: true });
    const fields = { packageId: 'main', blueprintIds: ['sensor'], sha256: undefined as never };
    await expect(
      world.fleet.artifacts.fetch(CI, fields, 'http://127.0.0.1:1/'),
    ).rejects.toMatchObject({ code: 'fleet/invalid', details: { field: 'sha256' } });
  });

  it('comes from no private address unless that is allowed', async () => {
    await using world = await artifactFleet();
    const fields = { packageId: 'main', blueprintIds: ['sensor'], sha256: '00'.repeat(32) };
    await expect(
      world.fleet.artifacts.fetch(CI, fields, 'http://127.0.0.1:1/'),
    ).rejects.toMatchObject({ code: 'fleet/address-refused' });
  });
});
