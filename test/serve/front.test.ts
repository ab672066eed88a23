import * as fc from '../support/property.ts';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createFront, memoryArtifact } from '../../src/serve/index.ts';
import { sha256, systemClock, toHex } from '../../src/shared/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { rawClient, readToEnd, serveArtifact } from '../support/http-front.ts';
import { describeWithPeers } from '../support/peer.ts';
import { runPeer } from '../support/run-peer.ts';

const BYTES = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 31 + (index >> 8)) & 255);
const artifact = memoryArtifact(BYTES);

describeWithPeers(['curl'], 'curl', (paths) => {
  const [curl = ''] = paths;

  describe.each([
    ['HTTP/2', '--http2-prior-knowledge', '2'],
    ['HTTP/1.1', '--http1.1', '1.1'],
    ['HTTP/1.0', '--http1.0', '1.1'],
  ])('over %s', (_title, flag, answered) => {
    const run = (...args: string[]) => runPeer(curl, ['-sS', flag, '--max-time', '20', ...args]);

    it('gets the very bytes', async () => {
      const front = await serveArtifact(artifact);
      const { stdout, exitCode } = await run(front.url);
      expect(exitCode).toBe(0);
      expect(toHex(await sha256(stdout))).toBe(artifact.sha256);
      expect(await front.nextOutcome()).toEqual({
        kind: 'delivered',
        range: { start: 0, end: BYTES.length },
      });
    });

    it('gets the head, with an exact length and no coding', async () => {
      const front = await serveArtifact(artifact);
      const { stdout } = await run('-I', '--compressed', front.url);
      const head = stdout.toString();
      expect(head).toMatch(new RegExp(`^HTTP/${answered} 200`));
      expect(head).toMatch(/^content-length: 300000\r$/im);
      expect(head).not.toMatch(/transfer-encoding|content-encoding|location/i);
      if (answered !== '2') {
        expect(head).toContain('Content-Length: ');
        expect(head).toContain('ETag: "');
      }
    });

    it('gets a part, resumes, and is told where there is none', async () => {
      const front = await serveArtifact(artifact);
      const part = await run('-r', '100000-299999', front.url);
      expect(Buffer.compare(part.stdout, BYTES.subarray(100_000))).toBe(0);
      const status = ['-o', '/dev/null', '-w', '%{http_code} %{size_download}'];
      expect((await run(...status, '-r', '0-', front.url)).stdout.toString()).toBe('206 300000');
      expect((await run(...status, '-r', '0-300000', front.url)).stdout.toString()).toBe(
        '206 300000',
      );
      expect((await run('-i', '-r', '300000-', front.url)).stdout.toString()).toMatch(
        /^HTTP\/[\d.]+ 416[^]*content-range: bytes \*\/300000\r[^]*\r\n\r\nthe image has 300000 bytes\n$/i,
      );
    });

    it('is told that it has the image already', async () => {
      const front = await serveArtifact(artifact);
      const { stdout } = await run('-i', '-H', `If-None-Match: "${artifact.sha256}"`, front.url);
      expect(stdout.toString()).toMatch(/^HTTP\/[\d.]+ 304[^]*\r\n\r\n$/);
    });

    it('is told which methods there are', async () => {
      const front = await serveArtifact(artifact);
      const { stdout } = await run('-i', '--data-binary', 'x'.repeat(100_000), front.url);
      expect(stdout.toString()).toMatch(/^HTTP\/[\d.]+ 405[^]*allow: GET, HEAD\r/im);
    });
  });

  it('uses one HTTP/1.1 connection for many requests', async () => {
    const front = await serveArtifact(artifact);
    const { stdout } = await runPeer(curl, [
      '-sS',
      '-w',
      '%{num_connects}\n',
      ...Array.from({ length: 3 }, () => ['-o', '/dev/null', front.url]).flat(),
    ]);
    expect(stdout.toString()).toBe('1\n0\n0\n');
    expect(await front.nextOutcome()).toMatchObject({ kind: 'delivered' });
  });

  it('is cut off when it is cut off', async () => {
    const big = memoryArtifact(new Uint8Array(30_000_000));
    const front = await serveArtifact(big);
    for (const flag of ['--http1.1', '--http2-prior-knowledge']) {
      const { exitCode } = await runPeer(
        curl,
        [
          ['-sS', flag, '--limit-rate', '100K', '--max-time', '5', '-o', '/dev/null', front.url],
        ].flat(),
      );
      expect(exitCode).toBe(28);
      const outcome = await front.nextOutcome();
      if (outcome.kind !== 'cut') throw new Error(`it was ${outcome.kind}`);
      expect(outcome.reason).toBe('peer-gone');
      expect(outcome.sentBytes).toBeLessThan(30_000_000);
    }
  });
});

describeWithPeers(['nghttp'], 'nghttp', (paths) => {
  it('gets the bytes, with another HTTP/2 implementation than curl has', async () => {
    const front = await serveArtifact(artifact);
    const { stdout } = await runPeer(paths[0] ?? '', [front.url]);
    expect(toHex(await sha256(stdout))).toBe(artifact.sha256);
    expect(await front.nextOutcome()).toMatchObject({ kind: 'delivered' });
  });
});

describe('the front', () => {
  const nothing = { clock: systemClock, onHttp1: () => {}, onHttp2: () => {} };

  it('says that a port is taken, and names another', async () => {
    const { port } = await serveArtifact(artifact);
    await using front = createFront(nothing);
    await expect(front.listen(port, '127.0.0.1')).rejects.toMatchObject({
      code: 'serve/port-taken',
      message: `port ${port} is already in use on 127.0.0.1`,
      hint: expect.stringContaining('--port') as string,
    });
  });

  it('says that an address is not ours', async () => {
    await using front = createFront(nothing);
    await expect(front.listen(0, '192.0.2.1')).rejects.toMatchObject({
      code: 'serve/cannot-listen',
      message: '192.0.2.1 is no address of this machine',
    });
  });

  it('waits for a preface that comes byte by byte', async () => {
    const front = await serveArtifact(artifact);
    const socket = rawClient(front.port);
    socket.setNoDelay(true);
    for (const character of 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') {
      socket.write(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first[3]).toBe(4);
  });

  it('answers a client that closed its sending side already', async () => {
    const front = await serveArtifact(artifact);
    const socket = rawClient(front.port);
    socket.end('GET /app.bin HTTP/1.0\r\n\r\n');
    const answer = await readToEnd(socket);
    expect(answer.subarray(-BYTES.length)).toEqual(Buffer.from(BYTES));
    expect(await front.nextOutcome()).toMatchObject({ kind: 'delivered' });
  });

  it('ends a connection that says nothing, or whose head never ends', async () => {
    const clock = new ManualClock();
    const front = await serveArtifact(artifact, { clock });
    const silent = rawClient(front.port);
    const slow = rawClient(front.port);
    slow.write('GET /app.bin HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    await Promise.all([once(silent, 'connect'), once(slow, 'connect')]);
    // A whole request on a third connection: by its answer the first two have been accepted.
    const third = rawClient(front.port);
    third.write('HEAD /app.bin HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(third, 'data');
    for (let second = 0; second < 20; second += 1) {
      if (slow.writable) slow.write('a');
      await clock.advance(1000);
    }
    await Promise.all([readToEnd(silent), readToEnd(slow)]);
    expect(front.refused).toEqual(['too-slow', 'too-slow']);
    expect(third.destroyed).toBe(false);
    await clock.advance(80_000);
    await readToEnd(third);
  });

  it('keeps its deadlines when the clock is set back', async () => {
    const clock = new ManualClock();
    const front = await serveArtifact(artifact, { clock });
    const silent = rawClient(front.port);
    await once(silent, 'connect');
    const other = rawClient(front.port);
    other.write('HEAD /app.bin HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(other, 'data');
    clock.setBack(365 * 24 * 60 * 60 * 1000);
    await clock.advance(20_000);
    await readToEnd(silent);
    await clock.advance(80_000);
    await readToEnd(other);
    expect(front.refused).toEqual(['too-slow']);
  });

  it('turns a TLS client away', async () => {
    const front = await serveArtifact(artifact);
    const socket = rawClient(front.port);
    socket.write(Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3]));
    expect(await readToEnd(socket)).toHaveLength(0);
    expect(await front.nextRefused()).toBe('tls');
  });

  it.each([
    'GET\r\n\r\n',
    'GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
    '\0\0\0\0\0\0\0\0',
    'PRI * HTTP/2.1\r\n\r\n',
  ])('answers %j with a short 400 and closes', async (text) => {
    const front = await serveArtifact(artifact);
    const socket = rawClient(front.port);
    socket.write(text);
    expect((await readToEnd(socket)).toString()).toMatch(/^(HTTP\/1.1 400 Bad Request\r\n|$)/);
    expect(await front.nextRefused()).toBe('malformed');
  });

  it('survives whatever bytes come, and serves on', async () => {
    const front = await serveArtifact(artifact);
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .uint8Array({ maxLength: 200 })
        .map((bytes) => Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), bytes])),
      fc
        .string({ unit: 'binary', maxLength: 200 })
        .map((text) => Buffer.from(`GET /${text} HTTP/1.1\r\nHost: x\r\n\r\n`)),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (bytes) => {
        const socket = rawClient(front.port);
        socket.end(bytes);
        socket.resume();
        await once(socket, 'close');
      }),
      { numRuns: 300 },
    );
    const socket = rawClient(front.port);
    socket.end('GET /app.bin HTTP/1.0\r\n\r\n');
    expect((await readToEnd(socket)).subarray(-BYTES.length)).toEqual(Buffer.from(BYTES));
  });
});
