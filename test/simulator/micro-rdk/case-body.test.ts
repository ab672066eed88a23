import { describe, expect, it } from 'vitest';
import { chipByName } from '../../../src/chips/index.ts';
import { buildFactoryImage } from '../../../src/simulator/index.ts';
import { buildTestApp, buildTinyApp } from '../../support/build-image.ts';
import { type RawPeer, respondWith, serveHttp2, serveRaw } from '../../support/http2-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  createTestDevice,
  FRAME_TIMEOUT_MS,
  ota,
  SMALL_SLOT_BYTES,
  type TestDevice,
} from '../../support/micro-rdk.ts';

const FRAME_BYTES = 16_384;
const image = await buildTestApp({ descriptor: { version: '2.0.0' } });
const BROKEN = 'failed to complete ota update: error reading a body from connection';

/** The update failed: nothing stored, and the old slot still boots. */
async function expectUnchanged({ values, device }: TestDevice): Promise<void> {
  expect(values.get('OTA_VERSION')).toBeNull();
  await device.powerOn();
  expect(device.runningSlot).toBe('ota_0');
}

function sendInFrames(peer: RawPeer, bytes: Uint8Array, sizes: readonly number[]): void {
  let at = 0;
  for (const size of sizes) {
    peer.data(bytes.subarray(at, at + size), at + size >= bytes.length);
    at += size;
  }
}

function frameSizes(totalBytes: number, first = FRAME_BYTES): number[] {
  const sizes = [Math.min(first, totalBytes)];
  for (let rest = totalBytes - first; rest > 0; rest -= FRAME_BYTES) {
    sizes.push(Math.min(rest, FRAME_BYTES));
  }
  return sizes;
}

describe('the length of an image', () => {
  it.each([
    ['missing', {}, 'response header missing content length'],
    ['no number', { 'content-length': '12x' }, 'http2 error'],
    ['negative', { 'content-length': '-1' }, 'http2 error'],
  ])('case 19: a content-length that is %s', async (_, fields, reason) => {
    await using server = await serveRaw((peer) => {
      peer.headers(200, fields);
      sendInFrames(peer, image, frameSizes(image.length));
    });
    const test = await createTestDevice();
    await test.poll(ota(`${server.origin}/app.bin`));
    expect(test.failures()).toEqual([`failed to complete ota update: ${reason}`]);
    await expectUnchanged(test);
  });

  it.each([
    [
      SMALL_SLOT_BYTES + 1,
      'new image of 131073 bytes is larger than target partition of 131072 bytes',
    ],
    [287, 'new image of 287 bytes is smaller than minimum firmware size of 288 bytes'],
  ])('case 20: %i bytes are refused before anything is erased', async (length, reason) => {
    await using server = await serveHttp2(respondWith(new Uint8Array(length).fill(0xe9)));
    const test = await createTestDevice();
    await test.flash.program(0x30000, Uint8Array.of(0));
    await test.poll(ota(`${server.origin}/app.bin`));
    expect(test.failures()).toEqual([`failed to complete ota update: ${reason}`]);
    expect(test.flash.read(0x30000, 1)[0]).toBe(0);
    await expectUnchanged(test);
  });

  it('case 20: an image that fills the slot to its last byte is taken', async () => {
    const full = await buildTestApp({ codeBytes: SMALL_SLOT_BYTES - image.length + 64 });
    expect(full.length).toBe(SMALL_SLOT_BYTES);
    await using server = await serveHttp2(respondWith(full));
    const { poll, failures, device } = await createTestDevice();
    await poll(ota(`${server.origin}/app.bin`));
    expect(failures()).toEqual([]);
    expect(device.runningSlot).toBe('ota_1');
  });

  it('case 20: 288 bytes get as far as the erased slot', async () => {
    const tiny = (await buildTinyApp()).subarray(0, 288);
    await using server = await serveHttp2(respondWith(tiny));
    const test = await createTestDevice();
    await test.flash.program(0x30000 + 4096, Uint8Array.of(0));
    await test.poll(ota(`${server.origin}/app.bin`));
    expect(test.failures()).toEqual(['failed to complete ota update: ESP_ERR_OTA_VALIDATE_FAILED']);
    expect(test.flash.read(0x30000 + 4096, 1)[0]).toBe(0xff);
    await expectUnchanged(test);
  });
});

describe('a body that is not what was announced', () => {
  it.each([
    ['shorter', image.length + 1],
    ['longer', image.length - 1],
  ])('case 21: a body that is %s than its length', async (_, announced) => {
    await using server = await serveRaw((peer) => {
      peer.headers(200, { 'content-length': String(announced) });
      sendInFrames(peer, image, frameSizes(image.length));
    });
    const test = await createTestDevice();
    await test.poll(ota(`${server.origin}/app.bin`));
    expect(test.failures()).toEqual([BROKEN]);
    expect(test.log).toContain('connection failed: Reset(StreamId(1), PROTOCOL_ERROR, Library)');
    await expectUnchanged(test);
  });

  it('case 21: a success without the body that it announced', async () => {
    await using server = await serveRaw((peer) =>
      peer.headers(204, { 'content-length': String(image.length) }, true),
    );
    const test = await createTestDevice();
    await test.poll(ota(`${server.origin}/app.bin`));
    expect(test.failures()).toEqual([
      'failed to complete ota update: nbytes written did not match file size',
    ]);
    await expectUnchanged(test);
  });

  it.each<[string, (peer: RawPeer) => void, string]>([
    [
      'RST_STREAM',
      (peer) => peer.frame(3, 0, 1, Uint8Array.of(0, 0, 0, 2)),
      'Reset(StreamId(1), INTERNAL_ERROR, Remote)',
    ],
    [
      'GOAWAY',
      (peer) => peer.frame(7, 0, 0, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 11)),
      'GoAway(b"", ENHANCE_YOUR_CALM, Remote)',
    ],
    ['the end of the connection', (peer) => peer.socket.end(), 'unexpected end of file'],
    ['a connection reset', (peer) => peer.socket.resetAndDestroy(), 'read ECONNRESET'],
    [
      'a frame over 16 KB',
      (peer) => peer.frame(0, 0, 1, new Uint8Array(FRAME_BYTES + 1)),
      'GoAway(b"", FRAME_SIZE_ERROR, Library)',
    ],
  ])('case 22: %s in the middle', async (_, breakOff, detail) => {
    const test = await createTestDevice();
    const { promise: requested, resolve } = Promise.withResolvers<RawPeer>();
    await using server = await serveRaw((peer) => {
      peer.headers(200, { 'content-length': String(image.length) });
      peer.data(image.subarray(0, FRAME_BYTES));
      resolve(peer);
    });
    const poll = test.poll(ota(`${server.origin}/app.bin`));
    // A reset overtakes what the device has not taken yet.
    await expect.poll(() => test.kinds()).toContain('progress');
    breakOff(await requested);
    await poll;
    expect(test.failures()).toEqual([BROKEN]);
    expect(test.log).toContain(`connection failed: ${detail}`);
    await expectUnchanged(test);
  });

  it('case 22: a goodbye that counts the request in lets it end well', async () => {
    await using server = await serveRaw((peer) => {
      peer.headers(200, { 'content-length': String(image.length) });
      peer.frame(7, 0, 0, Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0));
      sendInFrames(peer, image, frameSizes(image.length));
    });
    const { poll, failures, device } = await createTestDevice();
    await poll(ota(`${server.origin}/app.bin`));
    expect(failures()).toEqual([]);
    expect(device.runningSlot).toBe('ota_1');
  });
});

describe('the pace of a body', () => {
  it.each([
    [29_999, null],
    [30_000, 'resolving next frame took longer than 30 seconds'],
  ])('case 23: %i ms between two frames', async (gapMs, reason) => {
    const clock = new ManualClock();
    const test = await createTestDevice({ clock });
    const peers: RawPeer[] = [];
    await using server = await serveRaw((peer) => {
      peers.push(peer);
      peer.headers(200, { 'content-length': String(image.length) });
      peer.data(image.subarray(0, FRAME_BYTES));
    });
    const poll = test.poll(ota(`${server.origin}/app.bin`));
    await expect.poll(() => test.kinds()).toContain('progress');
    await clock.sleeperFor(FRAME_TIMEOUT_MS);
    await clock.advance(gapMs);
    if (reason === null) {
      const [peer] = peers;
      if (peer !== undefined) {
        const rest = image.subarray(FRAME_BYTES);
        sendInFrames(peer, rest, frameSizes(rest.length));
      }
    }
    await poll;
    expect(test.failures()).toEqual(
      reason === null ? [] : [`failed to complete ota update: ${reason}`],
    );
    expect(test.device.runningSlot).toBe(reason === null ? 'ota_1' : 'ota_0');
  });

  it('case 23: a frame that never gets whole counts as none', async () => {
    const clock = new ManualClock();
    const test = await createTestDevice({ clock });
    await using server = await serveRaw((peer) => {
      peer.headers(200, { 'content-length': String(image.length) });
      peer.data(image.subarray(0, FRAME_BYTES));
      // The header of a frame of 16 KB, and one byte of it.
      peer.socket.write(Uint8Array.of(0, 0x40, 0, 0, 0, 0, 0, 0, 1, 0xff));
    });
    const poll = test.poll(ota(`${server.origin}/app.bin`));
    await expect.poll(() => test.kinds()).toContain('progress');
    await clock.sleeperFor(FRAME_TIMEOUT_MS);
    await clock.advance(FRAME_TIMEOUT_MS);
    await poll;
    expect(test.failures()).toEqual([
      'failed to complete ota update: resolving next frame took longer than 30 seconds',
    ]);
  });

  it('case 32: the device erases for 30 s after the headers, and reads nothing meanwhile', async () => {
    const clock = new ManualClock();
    const test = await createTestDevice({ clock, eraseMs: 29_500 });
    await using server = await serveHttp2(respondWith(image));
    const poll = test.poll(ota(`${server.origin}/app.bin`));
    await clock.sleeperFor(29_500);
    expect(test.kinds()).not.toContain('progress');
    await clock.advance(29_500);
    await poll;
    expect(test.failures()).toEqual([]);
    expect(test.device.runningSlot).toBe('ota_1');
  });
});

describe('the frames of a body', () => {
  it('case 24: a first frame of 287 bytes makes the device read the header elsewhere', async () => {
    // What the device takes for the version is now 31 letters long.
    const misread = image.slice();
    misread.fill(0x41, 287 + 48, 287 + 48 + 31);
    await using server = await serveRaw((peer) => {
      peer.headers(200, { 'content-length': String(misread.length) });
      sendInFrames(peer, misread, frameSizes(misread.length, 287));
    });
    const test = await createTestDevice();
    await test.poll(ota(`${server.origin}/app.bin`));
    expect(test.log).toContain('initial frame too small to retrieve esp_app_desc_t');
    expect(test.failures()).toEqual([
      'failed to complete ota update: failed to retrieve firmware header info from binary, firmware may not be valid for this system: ESP_ERR_INVALID_SIZE',
    ]);
    await expectUnchanged(test);
  });

  it('case 25: in frames of one byte the header is never looked at, and the image decides', async () => {
    const wanted = await buildTinyWithCode();
    await using server = await serveRaw((peer) => {
      peer.headers(200, { 'content-length': String(wanted.length) });
      sendInFrames(
        peer,
        wanted,
        Array.from({ length: wanted.length }, () => 1),
      );
    });
    const test = await createTestDevice();
    await test.poll(ota(`${server.origin}/app.bin`));
    expect(test.failures()).toEqual([]);
    expect(test.device.runningSlot).toBe('ota_1');
    const lines = (text: string) => test.log.filter((line) => line === text).length;
    expect(lines('initial frame too small to retrieve esp_app_desc_t')).toBe(287);
    expect(lines('verifying new ota firmware')).toBe(wanted.length - 287);
  });

  it('takes padded frames, split header blocks and unknown frame types', async () => {
    await using server = await serveRaw((peer) => {
      const field = (name: string, value: string) =>
        Buffer.concat([
          Buffer.of(0, name.length),
          Buffer.from(name),
          Buffer.of(value.length),
          Buffer.from(value),
        ]);
      const block = Buffer.concat([
        field(':status', '200'),
        field('content-length', String(image.length)),
      ]);
      peer.frame(1, 0x20, 1, Buffer.concat([Buffer.alloc(5), block.subarray(0, 20)]));
      peer.frame(9, 0x4, 1, block.subarray(20));
      peer.frame(0xbe, 0xff, 1, Uint8Array.of(1, 2, 3));
      peer.frame(6, 0, 0, new Uint8Array(8));
      const first = image.subarray(0, 16_000);
      peer.frame(0, 0x8, 1, Buffer.concat([Buffer.of(100), first, Buffer.alloc(100)]));
      const rest = image.subarray(16_000);
      sendInFrames(peer, rest, frameSizes(rest.length));
    });
    const { poll, failures, device } = await createTestDevice();
    await poll(ota(`${server.origin}/app.bin`));
    expect(failures()).toEqual([]);
    expect(device.runningSlot).toBe('ota_1');
  });
});

/** The smallest image that boots. */
async function buildTinyWithCode(): Promise<Uint8Array> {
  return buildFactoryImage(chipByName('esp32'));
}
