import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { memoryArtifact } from '../../src/serve/index.ts';
import { FRAME, frameReader, PREFACE, settings } from '../support/h2-frames.ts';
import { rawClient, readToEnd, serveArtifact } from '../support/http-front.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { describeWithPeers } from '../support/peer.ts';
import { runPeer } from '../support/run-peer.ts';

const artifact = memoryArtifact(new Uint8Array(1000));
const HEAD = 'HEAD /app.bin HTTP/1.1\r\nHost: x\r\n\r\n';
const one = { perAddress: 1, isExempt: () => false };

/** The one connection that an address may have, accepted and open. */
async function takeOnly(port: number) {
  const socket = rawClient(port);
  socket.write(HEAD);
  await once(socket, 'data');
  return socket;
}

describe('a connection too many', () => {
  it('is told so over HTTP/1.1, whatever else it has to say, and over HTTP/2', async () => {
    const front = await serveArtifact(artifact, { crowd: one });
    await takeOnly(front.port);
    const upload = rawClient(front.port);
    upload.write('POST /app.bin HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n');
    upload.write(new Uint8Array(100_000));
    const answer = (await readToEnd(upload)).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/);
    expect(answer).toMatch(/\r\nRetry-After: 30\r\n[^]*\r\nConnection: close\r\n/);
    const http2 = rawClient(front.port);
    const next = frameReader(http2);
    http2.write(Buffer.concat([PREFACE, settings({})]));
    expect((await next())?.type).toBe(FRAME.settings);
    const goaway = await next();
    expect(goaway?.type).toBe(FRAME.goaway);
    expect(goaway?.payload.toString('hex')).toBe('000000000000000b');
    http2.end();
    expect(await next()).toBeNull();
    expect(front.refused).toEqual(['too-many', 'too-many']);
  });

  it('has its place once another is closed', async () => {
    const front = await serveArtifact(artifact, { crowd: one });
    const first = await takeOnly(front.port);
    first.end();
    await once(first, 'close');
    const status = async () => {
      const socket = rawClient(front.port);
      socket.write(HEAD.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      return (await readToEnd(socket)).toString().slice(9, 12);
    };
    await expect.poll(status).toBe('200');
  });

  it('holds nothing by saying nothing', async () => {
    const clock = new ManualClock();
    const front = await serveArtifact(artifact, { clock, crowd: one });
    await takeOnly(front.port);
    const most = 64;
    const silent = Array.from({ length: most + 6 }, () => rawClient(front.port));
    let closed = 0;
    const ends = silent.map(async (socket) => {
      await readToEnd(socket);
      closed += 1;
    });
    await expect.poll(() => closed).toBe(silent.length - most);
    await clock.advance(5000);
    await Promise.all(ends);
  });

  it('is none where it comes from this machine, as those of a proxy do', async () => {
    const front = await serveArtifact(artifact, { crowd: { perAddress: 1 } });
    for (let count = 0; count < 3; count += 1) await takeOnly(front.port);
    expect(front.refused).toEqual([]);
  });
});

describeWithPeers(['curl'], 'curl', ([curl = '']) => {
  it.each([
    ['--http1.1', '429 30', true],
    ['--http1.0', '429 30', true],
    ['--http2-prior-knowledge', '000 ', false],
  ])('%s understands that it is one too many', async (flag, said, isAnswer) => {
    const front = await serveArtifact(artifact, { crowd: one });
    await takeOnly(front.port);
    const format = '%{http_code} %header{retry-after}';
    const args = ['-sS', flag, '--max-time', '20', '-o', '/dev/null', '-w', format, front.url];
    const result = await runPeer(curl, args);
    expect(result.stdout.toString()).toBe(said);
    // Which of its errors a GOAWAY is depends on its version.
    expect(result.exitCode === 0).toBe(isAnswer);
  });
});
