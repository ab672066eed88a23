import { describe, expect, it } from 'vitest';
import { NoiseDetector } from '../../../src/flash/monitor/noise.ts';

const NOISE = '\\xf8\\x00x\\x1e'.repeat(10);

describe('noise', () => {
  it('is noticed once, and again after clean text', () => {
    const detector = new NoiseDetector();
    expect(
      [NOISE, NOISE, 'I (1) app: clean again', NOISE].map((line) => detector.feed(line)),
    ).toEqual([true, false, false, true]);
  });

  it('adds up over short lines', () => {
    const detector = new NoiseDetector();
    const said = Array.from({ length: 12 }, () => detector.feed('\\xf8\\x00x'));
    expect(said.indexOf(true)).toBe(11);
  });

  it('is noticed where it never ends a line', () => {
    const detector = new NoiseDetector();
    expect(detector.feedUnfinished(NOISE)).toBe(true);
    expect(detector.feed(NOISE)).toBe(false);
  });

  it('is not a line of text with a few odd bytes, or short lines', () => {
    const detector = new NoiseDetector();
    const lines = ['a long line of text with \\x07 a bell', '', 'ok', '\\x00\\x00 start'];
    expect(lines.some((line) => detector.feed(line))).toBe(false);
  });
});
