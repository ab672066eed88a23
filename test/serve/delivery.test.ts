import { once } from 'node:events';
import { connect, createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { http2Delivery } from '../../src/serve/http2-delivery.ts';
import { memoryArtifact } from '../../src/serve/index.ts';
import type { Watchdog } from '../../src/serve/watchdog.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { FLAG, frame, FRAME, frameReader, get, PREFACE, settings } from '../support/h2-frames.ts';
import { rawClient, serveArtifact } from '../support/http-front.ts';

/** Fits into the socket buffers: our machine has taken it all before the peer has read a byte. */
const SMALL = memoryArtifact(new Uint8Array(50_000));
const REQUEST = 'GET /app.bin HTTP/1.1\r\nHost: x\r\n\r\n';

async function start() {
  const clock = new ManualClock();
  const front = await serveArtifact(SMALL, { clock });
  return { clock, front, socket: rawClient(front.port) };
}

/** Reads frames up to the end of a stream. */
async function readStream(next: ReturnType<typeof frameReader>): Promise<void> {
  for (let one = await next(); one !== null; one = await next()) {
    if (one.type === FRAME.data && (one.flags & FLAG.endStream) !== 0) return;
  }
}

describe('a response counts as delivered', () => {
  it('over HTTP/1.1 with the next request on the connection', async () => {
    const { front, socket } = await start();
    socket.write(REQUEST);
    await once(socket, 'readable');
    expect(front.outcomes).toEqual([]);
    socket.write(REQUEST);
    expect(await front.nextOutcome()).toMatchObject({ kind: 'delivered' });
  });

  it('over HTTP/1.1 when the connection stays open and quiet for a while', async () => {
    const { clock, front, socket } = await start();
    socket.resume();
    socket.write(REQUEST);
    await once(socket, 'data');
    await clock.advance(1000);
    expect(front.outcomes).toEqual([]);
    await clock.advance(5000);
    expect(await front.nextOutcome()).toMatchObject({ kind: 'delivered' });
  });

  it('over HTTP/1.1 not when the connection is reset, although all bytes had left', async () => {
    const { front, socket } = await start();
    socket.write(REQUEST);
    await once(socket, 'readable');
    socket.resetAndDestroy();
    expect(await front.nextOutcome()).toMatchObject({ kind: 'cut', reason: 'peer-gone' });
  });

  it('over HTTP/2 when the peer answers a PING that was sent after the last byte', async () => {
    const { clock, front, socket } = await start();
    const next = frameReader(socket);
    socket.write(Buffer.concat([PREFACE, settings({}), get(1, '/app.bin')]));
    await readStream(next);
    let ping = next();
    await clock.advance(2000);
    for (let one = await ping; one !== null && one.type !== FRAME.ping; one = await ping) {
      ping = next();
    }
    expect(front.outcomes).toEqual([]);
    const { payload } = (await ping) ?? { payload: Buffer.alloc(8) };
    socket.write(frame(FRAME.ping, FLAG.ack, 0, payload));
    expect(await front.nextOutcome()).toMatchObject({ kind: 'delivered' });
  });

  it('over HTTP/2 when the session ends right before a PING was due', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => {
      client.destroy();
      server.close();
    });
    client.on('error', () => {});
    const [session] = (await once(server, 'session')) as [ServerHttp2Session];
    let tick = (): void => {};
    const watchdog: Pick<Watchdog, 'watch'> = {
      watch: (watched) => {
        tick = () => watched.check(0);
        return () => {};
      },
    };
    const delivered = http2Delivery(session, watchdog);
    session.destroy();
    // It has not told of its end yet.
    expect(() => tick()).not.toThrow();
    await expect(delivered).resolves.toBeUndefined();
  });

  it('over HTTP/2 not when the connection is reset without one', async () => {
    const { front, socket } = await start();
    const next = frameReader(socket);
    socket.write(Buffer.concat([PREFACE, settings({}), get(1, '/app.bin')]));
    await readStream(next);
    socket.resetAndDestroy();
    expect(await front.nextOutcome()).toMatchObject({ kind: 'cut', reason: 'peer-gone' });
  });
});
