import {
  assert,
  asyncProperty,
  constantFrom,
  integer,
  record,
  array,
  uint8Array,
} from '../../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { serveRaw, serveTcp } from '../../../support/http2-server.ts';
import { createTestDevice, ota } from '../../../support/micro-rdk.ts';

const frames = array(
  record({
    type: integer({ min: 0, max: 10 }),
    flags: constantFrom(0, 1, 4, 5, 8, 0x20, 0x2d, 0xff),
    streamId: constantFrom(0, 1, 2, 3),
    payload: uint8Array({ maxLength: 64 }),
  }),
  { maxLength: 8 },
);

describe('an HTTP/2 server that talks nonsense', () => {
  it('never crashes the device or leaves it hanging once the connection is closed', async () => {
    let answer: Uint8Array = new Uint8Array(0);
    await using server = await serveTcp((socket) => socket.once('data', () => socket.end(answer)));
    const { poll, failures, values } = await createTestDevice();
    let expected = 0;
    await assert(
      asyncProperty(uint8Array({ maxLength: 300 }), async (bytes) => {
        answer = bytes;
        await poll(ota(`${server.origin}/app.bin`));
        expected += 1;
        expect(failures()).toHaveLength(expected);
      }),
      { numRuns: 50 },
    );
    expect(values.get('OTA_VERSION')).toBeNull();
  });

  it('is survived whatever frames it sends, before and within a response', async () => {
    let before: Parameters<typeof sendAll>[1] = [];
    let within: Parameters<typeof sendAll>[1] = [];
    await using server = await serveRaw((peer) => {
      sendAll(peer, before);
      peer.headers(200, { 'content-length': '1000' });
      sendAll(peer, within);
      peer.socket.end();
    });
    const { poll, failures, values } = await createTestDevice();
    let expected = 0;
    await assert(
      asyncProperty(frames, frames, async (first, second) => {
        before = first;
        within = second;
        await poll(ota(`${server.origin}/app.bin`));
        expected += 1;
        expect(failures()).toHaveLength(expected);
      }),
      { numRuns: 50 },
    );
    expect(values.get('OTA_VERSION')).toBeNull();
  });
});

function sendAll(
  peer: Parameters<Parameters<typeof serveRaw>[0]>[0],
  list: readonly {
    readonly type: number;
    readonly flags: number;
    readonly streamId: number;
    readonly payload: Uint8Array;
  }[],
): void {
  for (const { type, flags, streamId, payload } of list) {
    peer.frame(type, flags, streamId, payload);
  }
}
