import { describe, expect, it } from 'vitest';
import {
  chipById,
  chipByName,
  CHIPS,
  isFlashMapped,
  memoryAt,
  parseChipName,
} from '../../src/chips/index.ts';

describe('the chip table', () => {
  it('has fifteen chips with names and image ids of their own', () => {
    expect(CHIPS).toHaveLength(15);
    expect(new Set(CHIPS.map((chip) => chip.name)).size).toBe(15);
    expect(new Set(CHIPS.map((chip) => chip.imageChipId)).size).toBe(15);
  });

  it('finds chips by name, by id, and by what people type', () => {
    expect(chipByName('esp32c3').imageChipId).toBe(5);
    expect(chipById(18)?.title).toBe('ESP32-P4');
    expect(chipById(0x0102)).toBeNull();
    expect(['ESP32-C3', 'esp32-c3', ' esp32c3 ', 'ESP32_C3'].map(parseChipName)).toEqual(
      Array.from({ length: 4 }, () => 'esp32c3'),
    );
    expect(parseChipName('esp99')).toBeNull();
    expect(() => chipByName('esp99' as 'esp32')).toThrow(RangeError);
    for (const chip of CHIPS) {
      expect(parseChipName(chip.title)).toBe(chip.name);
      expect(chipById(chip.imageChipId ?? -1)?.name ?? 'esp8266').toBe(chip.name);
    }
  });

  it('knows the bootloader offsets that differ', () => {
    const at = (offset: number) =>
      CHIPS.filter((chip) => chip.bootloaderFlashOffset === offset).map((chip) => chip.name);
    expect(at(0x1000)).toEqual(['esp32', 'esp32s2']);
    expect(at(0x2000)).toEqual(['esp32p4', 'esp32c5', 'esp32h4', 'esp32s31']);
  });

  it('says what an address is', () => {
    const esp32 = chipByName('esp32');
    expect(memoryAt(esp32, 0x3f400020)?.kind).toBe('DROM');
    expect(memoryAt(esp32, 0x40080000)?.kind).toBe('IRAM');
    expect(memoryAt(esp32, 0x400d0020)?.kind).toBe('IROM');
    expect(memoryAt(esp32, 0)).toBeNull();
    expect(isFlashMapped(esp32, 0x400d0020)).toBe(true);
    expect(isFlashMapped(esp32, 0x40080000)).toBe(false);
    expect(isFlashMapped(chipByName('esp32c6'), 0x42000020)).toBe(true);
  });

  it('has ranges that are in order and do not overlap', () => {
    for (const { memory } of CHIPS) {
      const sorted = memory.toSorted((a, b) => a.start - b.start);
      for (const [index, region] of sorted.entries()) {
        expect(region.end).toBeGreaterThan(region.start);
        expect(sorted[index + 1]?.start ?? Infinity).toBeGreaterThanOrEqual(region.end);
      }
    }
  });
});
