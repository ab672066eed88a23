import { createServer as createHttpServer } from 'node:http';
import {
  createSecureServer,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { preflightUrl } from '../../src/machine-config/index.ts';
import { createOtaServer, type ServeEvent } from '../../src/serve/index.ts';
import { selfSignedCertificate } from '../support/self-signed.ts';
import { buildTestApp } from '../support/build-image.ts';

type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

const LOOPBACK = { allowLoopback: true };

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that speaks HTTP/2 with prior knowledge. */
async function serving(handler: Handler): Promise<string> {
  const server = createHttp2Server(handler);
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
  });
  return `http://127.0.0.1:${await listening(server)}/app.bin?token=abc`;
}

function answering(body: Uint8Array): Handler {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': body.length });
    response.end(body);
  };
}

async function codesOf(url: string): Promise<readonly string[]> {
  const { issues } = await preflightUrl(url, LOOPBACK);
  return issues.map(({ code }) => code);
}

describe('preflightUrl', () => {
  it('takes an image that a device would take, and asks as a device would', async () => {
    const image = await buildTestApp({ codeBytes: 100_000 });
    const headers: Record<string, unknown>[] = [];
    const url = await serving((request, response) => {
      headers.push(Object.fromEntries(Object.entries(request.headers)));
      answering(image)(request, response);
    });
    const found = await preflightUrl(url, LOOPBACK);
    expect(found).toEqual({ url, sizeBytes: image.length, version: '1.0.0', issues: [] });
    const { host } = new URL(url);
    const rest = { ':scheme': 'http', ':authority': host, ':path': '/app.bin?token=abc' };
    expect(headers).toEqual([
      { ':method': 'HEAD', ...rest },
      { ':method': 'GET', ...rest },
    ]);
  });

  it('does without HEAD where the server refuses it', async () => {
    const image = await buildTestApp();
    const url = await serving((request, response) => {
      if (request.method === 'GET') return answering(image)(request, response);
      response.writeHead(403);
      return response.end();
    });
    expect(await preflightUrl(url, LOOPBACK)).toMatchObject({ issues: [] });
  });

  it.each([64, 200_000])('is no download to our own server, of %i bytes', async (codeBytes) => {
    const events: ServeEvent[] = [];
    const image = await buildTestApp({ codeBytes });
    await using server = await createOtaServer({
      port: 0,
      bind: '127.0.0.1',
      host: '127.0.0.1',
      key: null,
      onEvent: (event) => events.push(event),
    });
    const { url } = server.publish({ bytes: image, fileName: 'app.bin', tag: 'v1' });
    const found = await preflightUrl(url, LOOPBACK);
    expect(found).toEqual({ url, sizeBytes: image.length, version: '1.0.0', issues: [] });
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const ends = events.filter(({ event }) => event === 'complete' || event === 'aborted');
    expect(ends).toEqual([]);
  });

  it('follows whole URLs, and says where they led', async () => {
    const image = await buildTestApp();
    const target = await serving(answering(image));
    const url = await serving((_request, response) => {
      response.writeHead(302, { location: target });
      response.end();
    });
    expect(await preflightUrl(url, LOOPBACK)).toMatchObject({ url: target, issues: [] });
  });

  it.each([
    ['a relative one', '/elsewhere', 'machine-config/preflight-redirect'],
    ['none', undefined, 'machine-config/preflight-redirect'],
    ['one without a port', 'http://192.168.1.1/app.bin', 'machine-config/url-without-port'],
  ])('does not follow %s', async (_what, location, code) => {
    const url = await serving((_request, response) => {
      response.writeHead(302, location === undefined ? {} : { location });
      response.end();
    });
    await expect(preflightUrl(url, LOOPBACK)).rejects.toMatchObject({ code });
  });

  it('gives up after as many redirects as the device', async () => {
    let requests = 0;
    const url: string = await serving((_request, response) => {
      requests += 1;
      response.writeHead(302, { location: url });
      response.end();
    });
    await expect(preflightUrl(url, LOOPBACK)).rejects.toMatchObject({
      code: 'machine-config/preflight-redirect',
    });
    expect(requests).toBe(5);
  });

  it.each([403, 404, 500])('reports status %i', async (status) => {
    const url = await serving((_request, response) => {
      response.writeHead(status);
      response.end();
    });
    await expect(preflightUrl(url, LOOPBACK)).rejects.toMatchObject({
      code: 'machine-config/preflight-status',
      details: { status },
    });
  });

  it('wants a content-length', async () => {
    const url = await serving((_request, response) => {
      response.writeHead(200);
      response.end('x');
    });
    await expect(preflightUrl(url, LOOPBACK)).rejects.toMatchObject({
      code: 'machine-config/preflight-no-length',
    });
  });

  it('tells an HTTP/1.1-only server, plain and under TLS', async () => {
    const plain = await listening(createHttpServer((_request, response) => response.end('x')));
    const http1Only = { code: 'machine-config/preflight-http1-only' };
    await expect(preflightUrl(`http://127.0.0.1:${plain}/`, LOOPBACK)).rejects.toMatchObject(
      http1Only,
    );
    const tls = await listening(
      createTlsServer({ ...selfSignedCertificate(), ALPNProtocols: ['http/1.1'] }),
    );
    await expect(preflightUrl(`https://127.0.0.1:${tls}/`, LOOPBACK)).rejects.toMatchObject(
      http1Only,
    );
  });

  it('does not trust a self-signed certificate, as the device does not', async () => {
    const server = createSecureServer(selfSignedCertificate(), answering(new Uint8Array(500)));
    const port = await listening(server);
    await expect(preflightUrl(`https://127.0.0.1:${port}/`, LOOPBACK)).rejects.toMatchObject({
      code: 'machine-config/preflight-certificate',
    });
  });

  it('says that nobody is there, or answers', async () => {
    const unreachable = { code: 'machine-config/preflight-unreachable' };
    const server = createHttpServer();
    const port = await listening(server);
    await new Promise((resolve) => {
      server.close(resolve);
    });
    await expect(preflightUrl(`http://127.0.0.1:${port}/`, LOOPBACK)).rejects.toMatchObject(
      unreachable,
    );
    const silent = await serving(() => {});
    await expect(preflightUrl(silent, { ...LOOPBACK, timeoutMs: 100 })).rejects.toMatchObject(
      unreachable,
    );
    const breaksOff = await serving((_request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write(new Uint8Array(10));
      response.stream.session?.destroy();
    });
    await expect(preflightUrl(breaksOff, LOOPBACK)).rejects.toMatchObject(unreachable);
  });

  it.each([
    ['a web page', new TextEncoder().encode('<!doctype html><html><body>Log in</body></html>')],
    ['nothing', new Uint8Array(0)],
    ['287 bytes', new Uint8Array(287).fill(0xe9)],
    ['erased flash', new Uint8Array(5000).fill(0xff)],
    ['no descriptor', new Uint8Array(5000).fill(0xe9)],
  ])('refuses %s', async (_what, body) => {
    const url = await serving(answering(body));
    expect(await codesOf(url)).toEqual(['machine-config/preflight-not-an-app-image']);
  });

  it('refuses a version that the device cannot hold', async () => {
    const fits = await buildTestApp({ descriptor: { version: 'v'.repeat(24) } });
    expect(await codesOf(await serving(answering(fits)))).toEqual([]);
    const long = await buildTestApp({ descriptor: { version: 'v0.5.1-57-ge85ab4c4-dirty' } });
    expect(await codesOf(await serving(answering(long)))).toEqual([
      'machine-config/preflight-version',
    ]);
    const dated = await buildTestApp({ descriptor: { date: 'November 20 2026' } });
    expect(await codesOf(await serving(answering(dated)))).toEqual([
      'machine-config/preflight-version',
    ]);
  });

  it('warns of a first piece that is too small for the device', async () => {
    const image = await buildTestApp();
    const url = await serving((_request, response) => {
      response.writeHead(200, { 'content-length': image.length });
      response.stream.write(image.subarray(0, 100), () => {
        setImmediate(() => response.stream.end(image.subarray(100)));
      });
    });
    const codes = await codesOf(url);
    // The kernel may join what was written apart, and then there is nothing to see.
    expect([[], ['machine-config/preflight-small-frame']]).toContainEqual(codes);
  });
});
