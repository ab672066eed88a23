import { describe, expect, it } from 'vitest';
import { NorFlash, profileOf } from '../../../src/simulator/index.ts';

describe('NOR flash', () => {
  it('only clears bits when it is programmed, and sets them by the sector', () => {
    const flash = new NorFlash(0x4000);
    flash.program(0x1000, Uint8Array.of(0b1111_0000, 0xff));
    flash.program(0x1000, Uint8Array.of(0b1010_1010, 0x00));
    expect([...flash.read(0x1000, 3)]).toEqual([0b1010_0000, 0x00, 0xff]);
    flash.program(0x2000, Uint8Array.of(1));
    flash.erase(0x1000, 0x1000);
    expect([...flash.read(0x1000, 2), ...flash.read(0x2000, 1)]).toEqual([0xff, 0xff, 1]);
  });

  it('takes a real flash’s time: a block is quicker than its sixteen sectors', () => {
    const flash = new NorFlash(0x2_0000);
    expect(flash.erase(0, 0x1_0000)).toBeLessThan(flash.erase(0x1_1000, 0xf000));
    expect(flash.program(0, new Uint8Array(4096))).toBeCloseTo(16 * 0.4);
  });

  it('keeps what a bad sector holds', () => {
    const flash = new NorFlash(0x4000, new Set([1]));
    flash.program(0xfff, Uint8Array.of(0, 0));
    expect([...flash.read(0xfff, 2)]).toEqual([0, 0xff]);
  });

  it('refuses part of a sector, and what lies beyond its end', () => {
    const flash = new NorFlash(0x4000);
    const code = (action: () => unknown) => {
      try {
        action();
      } catch (error) {
        return (error as { code: string }).code;
      }
      return null;
    };
    expect(code(() => flash.erase(0x1001, 0x1000))).toBe('virtual-chip/flash-misaligned');
    expect(code(() => flash.erase(0x4000, 0x1000))).toBe('virtual-chip/flash-outside');
    expect(code(() => flash.read(0x3fff, 2))).toBe('virtual-chip/flash-outside');
    expect(code(() => profileOf('esp8266'))).toBe('virtual-chip/unsupported-chip');
  });
});
