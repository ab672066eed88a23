import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { memoryArtifact } from '../../src/serve/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { frameReader, get, PREFACE, settings, windowUpdate } from '../support/h2-frames.ts';
import { rawClient, readToEnd, serveArtifact } from '../support/http-front.ts';

/** More than the socket buffers of both sides hold, so that a reader that stops stops the sender. */
const BIG = memoryArtifact(new Uint8Array(40_000_000));

describe('a slow reader', () => {
  it('over HTTP/1.1 that stalls for 60 s right after the head gets everything in the end', async () => {
    const clock = new ManualClock();
    const front = await serveArtifact(BIG, { clock });
    const socket = rawClient(front.port);
    socket.write('GET /app.bin HTTP/1.0\r\n\r\n');
    await once(socket, 'readable');
    await clock.advance(60_000);
    const { length } = await readToEnd(socket);
    expect(length).toBeGreaterThan(BIG.sizeBytes);
    expect(await front.nextOutcome()).toMatchObject({ kind: 'delivered' });
  });

  it('over HTTP/2 that stalls for 60 s right after the head gets everything in the end', async () => {
    const clock = new ManualClock();
    const artifact = memoryArtifact(new Uint8Array(1_000_000));
    const front = await serveArtifact(artifact, { clock });
    const socket = rawClient(front.port);
    const next = frameReader(socket);
    socket.write(Buffer.concat([PREFACE, settings({}), get(1, '/app.bin')]));
    let received = 0;
    for (let frame = await next(); frame !== null && received < 65_535; frame = await next()) {
      if (frame.type === 0) received += frame.payload.length;
      if (received === 65_535) break;
    }
    await clock.advance(60_000);
    socket.write(Buffer.concat([windowUpdate(0, 2_000_000), windowUpdate(1, 2_000_000)]));
    for (let frame = await next(); frame !== null; frame = await next()) {
      if (frame.type !== 0) continue;
      received += frame.payload.length;
      if ((frame.flags & 1) === 1) break;
    }
    expect(received).toBe(artifact.sizeBytes);
    socket.end();
    expect(await front.nextOutcome()).toMatchObject({ kind: 'delivered' });
  });

  it('that takes nothing for minutes is dropped', async () => {
    const clock = new ManualClock();
    const front = await serveArtifact(BIG, { clock });
    const socket = rawClient(front.port);
    socket.write('GET /app.bin HTTP/1.0\r\n\r\n');
    await once(socket, 'readable');
    await clock.advance(1_300_000);
    const outcome = await front.nextOutcome();
    expect(outcome).toMatchObject({ kind: 'cut', reason: 'too-slow' });
    expect((await readToEnd(socket)).length).toBeLessThan(BIG.sizeBytes);
  });

  /** Opens the window by so many bytes a minute until the download has ended, one way or another. */
  async function readAt(bytesPerMinute: number, sizeBytes: number) {
    const clock = new ManualClock();
    const front = await serveArtifact(memoryArtifact(new Uint8Array(sizeBytes)), { clock });
    const socket = rawClient(front.port);
    const next = frameReader(socket);
    const connectionWindow = windowUpdate(0, sizeBytes);
    socket.write(Buffer.concat([PREFACE, settings({}), connectionWindow, get(1, '/app.bin')]));
    const progress = { ended: false, minutes: 0 };
    const outcome = front.nextOutcome().finally(() => {
      progress.ended = true;
    });
    for (; !progress.ended && progress.minutes < 300; progress.minutes += 1) {
      socket.write(windowUpdate(1, bytesPerMinute));
      await clock.advance(60_000);
    }
    socket.end();
    while ((await next()) !== null);
    return { outcome: await outcome, minutes: progress.minutes };
  }

  it('that trickles for ever is dropped in the end, although it always makes some progress', async () => {
    const { outcome, minutes } = await readAt(5000, 1_000_000);
    expect(outcome).toMatchObject({ kind: 'cut', reason: 'too-slow' });
    // Ten minutes, and 1 MB at 1 KiB/s, and no longer.
    expect(minutes).toBeLessThan(28);
  });

  it('over the slowest of networks still gets everything', async () => {
    const { outcome, minutes } = await readAt(120_000, 1_500_000);
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(minutes).toBeGreaterThan(10);
  });
});
