import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import { StreamWindows } from '../../src/serve/stream-windows.ts';
import { frame, get, PREFACE, settings, windowUpdate } from '../support/h2-frames.ts';

const CONNECTION = Buffer.concat([
  PREFACE,
  settings({ 3: 100, 4: 50 }),
  get(1, '/app.bin'),
  frame(4, 1, 0, Buffer.alloc(0)),
  windowUpdate(0, 1_000_000),
  windowUpdate(1, 200),
  frame(6, 0, 0, Buffer.alloc(8, 8)),
  windowUpdate(1, 300),
  windowUpdate(3, 7),
]);

describe('StreamWindows', () => {
  it('reads the windows off the frames, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(CONNECTION.length), { maxLength: 30 }), (cuts) => {
        const windows = new StreamWindows();
        const places = [0, ...cuts.toSorted((a, b) => a - b), CONNECTION.length];
        for (let index = 1; index < places.length; index += 1) {
          windows.feed(CONNECTION.subarray(places[index - 1], places[index]));
        }
        expect([windows.initialBytes, windows.of(1), windows.of(3), windows.of(5)]).toEqual([
          50, 550, 57, 50,
        ]);
      }),
    );
    expect(new StreamWindows().of(1)).toBe(65_535);
  });

  it('is not led astray by hostile bytes', () => {
    const survives = fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
      const windows = new StreamWindows();
      for (const chunk of chunks) windows.feed(chunk);
      return windows.of(1) >= 0;
    });
    expect(fc.check(survives)).toMatchObject({ failed: false });
  });
});
