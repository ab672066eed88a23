import { describe, expect, it } from 'vitest';
import { memoryArtifact } from '../../src/serve/index.ts';
import {
  FLAG,
  FRAME,
  frameReader,
  get,
  PREFACE,
  type RawFrame,
  settings,
  windowUpdate,
} from '../support/h2-frames.ts';
import { rawClient, serveArtifact } from '../support/http-front.ts';

const BYTES = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 7) & 255);
const INITIAL_WINDOW = 4;
const MAX_FRAME = 5;

/** What micro-RDK reads its header out of: the first DATA frame alone. */
const HEADER_BYTES = 288;

async function dataFrames(next: () => Promise<RawFrame | null>, streamId: number, bytes: number) {
  const frames: RawFrame[] = [];
  let received = 0;
  while (received < bytes) {
    const frame = await next();
    if (frame === null) break;
    if (frame.type !== FRAME.data || frame.streamId !== streamId) continue;
    frames.push(frame);
    received += frame.payload.length;
  }
  return frames;
}

describe('the DATA frames', () => {
  it('are as large as micro-RDK allows, and the last one ends the stream', async () => {
    const front = await serveArtifact(memoryArtifact(BYTES));
    const socket = rawClient(front.port);
    const next = frameReader(socket);
    socket.write(
      Buffer.concat([
        PREFACE,
        settings({ [INITIAL_WINDOW]: 2_097_152, [MAX_FRAME]: 16_384 }),
        windowUpdate(0, 5_177_345),
        get(1, '/app.bin'),
      ]),
    );
    const frames = await dataFrames(next, 1, BYTES.length);
    expect(frames[0]?.payload).toHaveLength(16_384);
    expect(Buffer.concat(frames.map((frame) => frame.payload))).toEqual(Buffer.from(BYTES));
    expect(frames.at(-1)?.flags).toBe(FLAG.endStream);
    expect(frames.every((frame) => frame.payload.length > 0)).toBe(true);
  });

  it('begin with enough for the header when the image is small', async () => {
    for (const length of [1, HEADER_BYTES, HEADER_BYTES + 1, 20_000]) {
      const front = await serveArtifact(memoryArtifact(BYTES.subarray(0, length)));
      const socket = rawClient(front.port);
      const next = frameReader(socket);
      socket.write(Buffer.concat([PREFACE, settings({}), get(1, '/app.bin')]));
      const [first] = await dataFrames(next, 1, length);
      expect(first?.payload).toHaveLength(Math.min(length, 16_384));
    }
  });

  it('begin with enough for the header when the connection window was nearly used up', async () => {
    const front = await serveArtifact(memoryArtifact(BYTES));
    const socket = rawClient(front.port);
    const next = frameReader(socket);
    // The first stream leaves 35 bytes of the connection's window, and stalls.
    socket.write(
      Buffer.concat([PREFACE, settings({ [INITIAL_WINDOW]: 65_500 }), get(1, '/app.bin')]),
    );
    expect(await dataFrames(next, 1, 65_500)).not.toHaveLength(0);
    socket.write(get(3, '/app.bin'));
    for (let frame = await next(); frame?.streamId !== 3; frame = await next());
    socket.write(windowUpdate(0, 200_000));
    const [first] = await dataFrames(next, 3, 60_000);
    expect(first?.payload.length).toBeGreaterThanOrEqual(HEADER_BYTES);
  });

  it('begin with enough for the header when a stream begins with a tiny window', async () => {
    for (const window of [0, 1, 100, 287]) {
      const front = await serveArtifact(memoryArtifact(BYTES));
      const socket = rawClient(front.port);
      const next = frameReader(socket);
      socket.write(
        Buffer.concat([PREFACE, settings({ [INITIAL_WINDOW]: window }), get(1, '/app.bin')]),
      );
      for (let frame = await next(); frame?.type !== FRAME.headers; frame = await next());
      socket.write(windowUpdate(1, 50_000));
      const [first] = await dataFrames(next, 1, 50_000);
      expect(first?.payload.length).toBeGreaterThanOrEqual(HEADER_BYTES);
      expect(first?.payload.subarray(0, 9)).toEqual(Buffer.from(BYTES.subarray(0, 9)));
    }
  });
});
