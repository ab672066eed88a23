import type { Chip, ChipName, MemoryKind, MemoryRegion } from './chip.ts';

const KB = 1024;

const SIZES = ['1MB', '2MB', '4MB', '8MB', '16MB', '32MB', '64MB', '128MB'].map(
  (label, nibble) => [nibble, label] as const,
);

const SIZES_ESP8266: Chip['flashSizes'] = [
  [0, '512KB'],
  [1, '256KB'],
  [2, '1MB'],
  [3, '2MB'],
  [4, '4MB'],
  [5, '2MB-c1'],
  [6, '4MB-c1'],
  [8, '8MB'],
  [9, '16MB'],
];

type Frequencies = Chip['flashFrequencies'];
const UP_TO_80_26: Frequencies = [
  [0xf, '80m'],
  [0, '40m'],
  [1, '26m'],
  [2, '20m'],
];
const UP_TO_80: Frequencies = [
  [0xf, '80m'],
  [0, '40m'],
  [2, '20m'],
];
const UP_TO_60: Frequencies = [
  [0xf, '60m'],
  [0, '30m'],
  [1, '20m'],
  [2, '15m'],
];
const UP_TO_48: Frequencies = [
  [0xf, '48m'],
  [0, '24m'],
  [1, '16m'],
  [2, '12m'],
];
/** The ESP32-C6's ROM takes nibble 0 for 80 MHz; its boot log still calls it 40. */
const C6_FREQUENCIES: Frequencies = [
  [0, '80m'],
  [0, '40m'],
  [2, '20m'],
];

const PAGES_64K = [64 * KB];
const PAGES_TO_8K = [64 * KB, 32 * KB, 16 * KB, 8 * KB];

function region(kind: MemoryKind, start: number, end: number): MemoryRegion {
  return { kind, start, end };
}

type Particulars = Pick<Chip, 'name' | 'title' | 'imageChipId' | 'uf2FamilyId' | 'memory'> &
  Partial<Chip>;

/** Fills in what most of the family has in common. */
function chip(particulars: Particulars): Chip {
  return {
    bootloaderFlashOffset: 0,
    mmuPageSizesBytes: PAGES_64K,
    flashFrequencies: UP_TO_80_26,
    flashSizes: SIZES,
    secureBootV1: false,
    secureBootV2: ['rsa', 'ecdsa'],
    ...particulars,
  };
}

/** Every chip, oldest first. Windows and ids as in ESP-IDF's `soc` and `bootloader_support`. */
export const CHIPS: readonly Chip[] = [
  chip({
    name: 'esp8266',
    title: 'ESP8266',
    imageChipId: null,
    uf2FamilyId: 0x7eab61ed,
    memory: [
      region('DRAM', 0x3ffe8000, 0x40000000),
      region('IRAM', 0x40100000, 0x40108000),
      region('IROM', 0x40200000, 0x40300000),
    ],
    mmuPageSizesBytes: [],
    flashSizes: SIZES_ESP8266,
    secureBootV2: [],
  }),
  chip({
    name: 'esp32',
    title: 'ESP32',
    imageChipId: 0,
    bootloaderFlashOffset: 0x1000,
    uf2FamilyId: 0x1c5f21b0,
    memory: [
      region('DROM', 0x3f400000, 0x3f800000),
      region('RTC', 0x3ff80000, 0x3ff82000),
      region('DRAM', 0x3ff90000, 0x40000000),
      region('IRAM', 0x40070000, 0x400c0000),
      region('RTC', 0x400c0000, 0x400c2000),
      region('IROM', 0x400d0000, 0x40400000),
      region('RTC', 0x50000000, 0x50002000),
    ],
    secureBootV1: true,
    secureBootV2: ['rsa'],
  }),
  chip({
    name: 'esp32s2',
    title: 'ESP32-S2',
    imageChipId: 2,
    bootloaderFlashOffset: 0x1000,
    uf2FamilyId: 0xbfdd4eee,
    memory: [
      region('DROM', 0x3f000000, 0x3ff80000),
      region('RTC', 0x3ff9e000, 0x3ffa0000),
      region('DRAM', 0x3ffa0000, 0x40000000),
      region('IRAM', 0x40020000, 0x40070000),
      region('RTC', 0x40070000, 0x40072000),
      region('IROM', 0x40080000, 0x40800000),
      region('RTC', 0x50000000, 0x50002000),
    ],
    secureBootV2: ['rsa'],
  }),
  chip({
    name: 'esp32c3',
    title: 'ESP32-C3',
    imageChipId: 5,
    uf2FamilyId: 0xd42ba06c,
    memory: [
      region('DROM', 0x3c000000, 0x3c800000),
      region('DRAM', 0x3fc80000, 0x3fce0000),
      region('IRAM', 0x4037c000, 0x403e0000),
      region('IROM', 0x42000000, 0x42800000),
      region('RTC', 0x50000000, 0x50002000),
    ],
    secureBootV2: ['rsa'],
  }),
  chip({
    name: 'esp32s3',
    title: 'ESP32-S3',
    imageChipId: 9,
    uf2FamilyId: 0xc47e5767,
    memory: [
      region('DROM', 0x3c000000, 0x3e000000),
      region('DRAM', 0x3fc88000, 0x3fd00000),
      region('IRAM', 0x40370000, 0x403e0000),
      region('IROM', 0x42000000, 0x44000000),
      region('RTC', 0x50000000, 0x50002000),
      region('RTC', 0x600fe000, 0x60100000),
    ],
    secureBootV2: ['rsa'],
  }),
  chip({
    name: 'esp32c2',
    title: 'ESP32-C2',
    imageChipId: 12,
    uf2FamilyId: 0x2b88d29c,
    memory: [
      region('DROM', 0x3c000000, 0x3c400000),
      region('DRAM', 0x3fca0000, 0x3fce0000),
      region('IRAM', 0x4037c000, 0x403c0000),
      region('IROM', 0x42000000, 0x42400000),
    ],
    mmuPageSizesBytes: [64 * KB, 32 * KB, 16 * KB],
    flashFrequencies: UP_TO_60,
    secureBootV2: ['ecdsa'],
  }),
  chip({
    name: 'esp32c6',
    title: 'ESP32-C6',
    imageChipId: 13,
    uf2FamilyId: 0x540ddf62,
    memory: [
      region('RAM', 0x40800000, 0x40880000),
      region('FLASH', 0x42000000, 0x43000000),
      region('RTC', 0x50000000, 0x50004000),
    ],
    mmuPageSizesBytes: PAGES_TO_8K,
    flashFrequencies: C6_FREQUENCIES,
  }),
  chip({
    name: 'esp32h2',
    title: 'ESP32-H2',
    imageChipId: 16,
    uf2FamilyId: 0x332726f6,
    memory: [
      region('RAM', 0x40800000, 0x40880000),
      region('FLASH', 0x42000000, 0x43000000),
      region('RTC', 0x50000000, 0x50004000),
    ],
    mmuPageSizesBytes: PAGES_TO_8K,
    flashFrequencies: UP_TO_48,
  }),
  chip({
    name: 'esp32p4',
    title: 'ESP32-P4',
    imageChipId: 18,
    bootloaderFlashOffset: 0x2000,
    uf2FamilyId: 0x3d308e94,
    memory: [
      region('FLASH', 0x40000000, 0x44000000),
      region('RAM', 0x4ff00000, 0x4ffc0000),
      region('RTC', 0x50108000, 0x50110000),
    ],
  }),
  chip({
    name: 'esp32c61',
    title: 'ESP32-C61',
    imageChipId: 20,
    uf2FamilyId: 0x77d850c4,
    memory: [
      region('RAM', 0x40800000, 0x40860000),
      region('FLASH', 0x42000000, 0x44000000),
      region('RTC', 0x50000000, 0x50004000),
    ],
    mmuPageSizesBytes: PAGES_TO_8K,
    flashFrequencies: UP_TO_80,
  }),
  chip({
    name: 'esp32c5',
    title: 'ESP32-C5',
    imageChipId: 23,
    bootloaderFlashOffset: 0x2000,
    uf2FamilyId: 0xf71c0343,
    memory: [
      region('RAM', 0x40800000, 0x40860000),
      region('FLASH', 0x42000000, 0x44000000),
      region('RTC', 0x50000000, 0x50004000),
    ],
    flashFrequencies: UP_TO_80,
  }),
  chip({
    name: 'esp32h21',
    title: 'ESP32-H21',
    imageChipId: 25,
    uf2FamilyId: 0xb6dd00af,
    memory: [
      region('RAM', 0x40800000, 0x40850000),
      region('FLASH', 0x42000000, 0x43000000),
      region('RTC', 0x50000000, 0x50001000),
    ],
    mmuPageSizesBytes: PAGES_TO_8K,
    flashFrequencies: UP_TO_48,
  }),
  chip({
    name: 'esp32h4',
    title: 'ESP32-H4',
    imageChipId: 28,
    bootloaderFlashOffset: 0x2000,
    uf2FamilyId: 0x9e0baa8a,
    memory: [region('RAM', 0x40800000, 0x40860000), region('FLASH', 0x42000000, 0x44000000)],
    mmuPageSizesBytes: PAGES_TO_8K,
    flashFrequencies: UP_TO_48,
  }),
  chip({
    name: 'esp32e22',
    title: 'ESP32-E22',
    imageChipId: 31,
    uf2FamilyId: 0x1c5f21b0,
    memory: [
      region('RAM', 0x30fe0000, 0x31200000),
      region('FLASH', 0x3c000000, 0x40000000),
      region('RTC', 0xc0000000, 0xc0008000),
    ],
    secureBootV2: [],
  }),
  chip({
    name: 'esp32s31',
    title: 'ESP32-S31',
    imageChipId: 32,
    bootloaderFlashOffset: 0x2000,
    uf2FamilyId: 0x3101f7c1,
    memory: [
      region('RTC', 0x2e000000, 0x2e008000),
      region('RAM', 0x2f000000, 0x2f080000),
      region('FLASH', 0x40000000, 0x44000000),
    ],
    mmuPageSizesBytes: [64 * KB, 32 * KB, 128 * KB, 256 * KB],
    flashFrequencies: UP_TO_80,
  }),
];

const BY_NAME = new Map<ChipName, Chip>(CHIPS.map((one) => [one.name, one]));
const BY_ID = new Map(CHIPS.map((one) => [one.imageChipId, one]));

/** The chip of that name. */
export function chipByName(name: ChipName): Chip {
  const found = BY_NAME.get(name);
  if (found === undefined) throw new RangeError(`no chip is called ${name}`);
  return found;
}

/** The chip with that id in its image headers, or `null` where none has it. */
export function chipById(id: number): Chip | null {
  return BY_ID.get(id) ?? null;
}

/** `ESP32-C3`, `esp32-c3`, `esp32c3` as a name; `null` for what is no chip. */
export function parseChipName(text: string): ChipName | null {
  const plain = text.trim().toLowerCase().replaceAll(/[-_ ]/g, '');
  return CHIPS.find((one) => one.name === plain)?.name ?? null;
}
