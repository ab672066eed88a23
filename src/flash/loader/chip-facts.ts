import { chipByName, chipById, type Chip, type ChipName } from '../../chips/index.ts';
import { FlashError } from '../codes.ts';

/** Bits of a word of the chip's address space. */
export interface BitField {
  readonly address: number;
  readonly shift: number;
  readonly bits: number;
}

/** The SPI controller that the flash hangs on; offsets from `base`. */
export interface SpiController {
  readonly base: number;
  readonly usr: number;
  readonly usr2: number;
  readonly misoLength: number;
  readonly w0: number;
}

/** The watchdog that a chip has beside those of its timers: the RTC's, or the low-power system's. */
export interface Watchdog {
  readonly config: number;
  /** How long its first stage lasts, in ticks of the slow clock. */
  readonly timeout: number;
  readonly writeProtect: number;
  /** What in `config` makes it start the whole chip anew, so that the straps are looked at again. */
  readonly restart: number;
}

/** The watchdog behind that one. */
export interface SuperWatchdog {
  readonly config: number;
  readonly writeProtect: number;
  readonly key: number;
  readonly autoFeed: number;
}

/** What a host has to know to flash a chip, from its reference manual. */
export interface ChipFacts {
  readonly chip: Chip;
  readonly spi: SpiController;
  /** The first of two words; the address is their last six bytes, big-endian from the second on. */
  readonly macAddress: number;
  /** Fields from the lowest bits up. */
  readonly revisionMajor: readonly BitField[];
  readonly revisionMinor: readonly BitField[];
  readonly secureBoot: readonly BitField[];
  readonly flashEncryption: BitField;
  readonly watchdog: Watchdog;
  /** `null` for chips without a USB-Serial-JTAG controller, where it does no harm. */
  readonly superWatchdog: SuperWatchdog | null;
  /** Whether FLASH_BEGIN and DEFL_BEGIN of the ROM take a fifth word (encrypted write). */
  readonly romTakesEncryptedFlag: boolean;
  /** Whether the stub reaches what lies beyond the first 16 MB of flash; no ROM does. */
  readonly reachesBeyond16MB: boolean;
  /** Whether the ROM has a USB device of its own (USB-OTG), which takes no large blocks. */
  readonly hasUsbOtg: boolean;
  /** The bit that takes the next reset into the loader whatever the straps say. */
  readonly forcesLoader: BitField | null;
}

const WATCHDOG_KEY = 0x50d8_3aa1;
const RTC_SUPER_KEY = 0x8f1d_312a;

const field = (address: number, shift: number, bits: number): BitField => ({
  address,
  shift,
  bits,
});

/** On, the first stage resets the chip, and so does its reset line, for a moment. */
const RESTART = 0x8000_0000 + (5 << 28) + (1 << 8) + 2;
/** Without a reset line: the first stage resets the RTC too, and for as long as can be. */
const RESTART_ESP32 = 0x8000_0000 + (4 << 28) + (7 << 14) + (7 << 11);

function watchdogAt(config: number, writeProtect: number): Watchdog {
  return { config, timeout: config + 4, writeProtect, restart: RESTART };
}

/** The super watchdog of chips with an RTC, behind the write protection of the other. */
function rtcSuper(config: number): SuperWatchdog {
  return { config, writeProtect: config + 4, key: RTC_SUPER_KEY, autoFeed: 0x8000_0000 };
}

/** The same of chips with a low-power system. */
function lpSuper(config: number): SuperWatchdog {
  return { config, writeProtect: config + 4, key: WATCHDOG_KEY, autoFeed: 1 << 18 };
}

const LP_WATCHDOGS = {
  watchdog: watchdogAt(0x600b_1c00, 0x600b_1c18),
  superWatchdog: lpSuper(0x600b_1c1c),
};

/** A field of the eFuse block: offset of its word, first bit, bits. */
type EfuseField = readonly [offset: number, shift: number, bits: number];

/** Where chips since the ESP32-S2, which share most of their layout, have things of their own. */
interface Modern {
  /** The SPI controller and the eFuse block. */
  readonly bases: readonly [spi: number, efuse: number];
  readonly major: readonly EfuseField[];
  readonly minor: readonly EfuseField[];
  readonly mac?: number;
  readonly secureBoot?: EfuseField;
  readonly flashEncryption?: EfuseField;
  readonly watchdog: Watchdog;
  readonly superWatchdog?: SuperWatchdog;
  readonly reachesBeyond16MB?: boolean;
  readonly hasUsbOtg?: boolean;
  readonly forcesLoader?: BitField;
}

function modern(name: ChipName, own: Modern): ChipFacts {
  const [spi, efuse] = own.bases;
  const inEfuse = ([offset, shift, bits]: EfuseField) => field(efuse + offset, shift, bits);
  return {
    chip: chipByName(name),
    spi: { base: spi, usr: 0x18, usr2: 0x20, misoLength: 0x28, w0: 0x58 },
    macAddress: efuse + (own.mac ?? 0x44),
    revisionMajor: own.major.map(inEfuse),
    revisionMinor: own.minor.map(inEfuse),
    secureBoot: [inEfuse(own.secureBoot ?? [0x38, 20, 1])],
    flashEncryption: inEfuse(own.flashEncryption ?? [0x34, 18, 3]),
    watchdog: own.watchdog,
    superWatchdog: own.superWatchdog ?? null,
    romTakesEncryptedFlag: true,
    reachesBeyond16MB: own.reachesBeyond16MB ?? false,
    hasUsbOtg: own.hasUsbOtg ?? false,
    forcesLoader: own.forcesLoader ?? null,
  };
}

/** The two share the bits of their revision. */
const REVISION_OF_C3_AND_S3: Pick<Modern, 'major' | 'minor'> = {
  major: [[0x58, 24, 2]],
  minor: [
    [0x50, 18, 3],
    [0x58, 23, 1],
  ],
};

const FACTS: readonly ChipFacts[] = [
  {
    chip: chipByName('esp32'),
    spi: { base: 0x3ff4_2000, usr: 0x1c, usr2: 0x24, misoLength: 0x2c, w0: 0x80 },
    macAddress: 0x3ff5_a004,
    revisionMajor: [
      field(0x3ff5_a00c, 15, 1),
      field(0x3ff5_a014, 20, 1),
      field(0x3ff6_607c, 31, 1),
    ],
    revisionMinor: [field(0x3ff5_a014, 24, 2)],
    secureBoot: [field(0x3ff5_a018, 4, 1), field(0x3ff5_a018, 5, 1)],
    flashEncryption: field(0x3ff5_a000, 20, 7),
    watchdog: { ...watchdogAt(0x3ff4_808c, 0x3ff4_80a4), restart: RESTART_ESP32 },
    superWatchdog: null,
    romTakesEncryptedFlag: false,
    reachesBeyond16MB: false,
    hasUsbOtg: false,
    forcesLoader: null,
  },
  modern('esp32s2', {
    bases: [0x3f40_2000, 0x3f41_a000],
    major: [[0x50, 18, 2]],
    minor: [
      [0x54, 4, 3],
      [0x50, 20, 1],
    ],
    watchdog: watchdogAt(0x3f40_8094, 0x3f40_80ac),
    hasUsbOtg: true,
    forcesLoader: field(0x3f40_8128, 0, 1),
  }),
  modern('esp32s3', {
    bases: [0x6000_2000, 0x6000_7000],
    ...REVISION_OF_C3_AND_S3,
    watchdog: watchdogAt(0x6000_8098, 0x6000_80b0),
    superWatchdog: rtcSuper(0x6000_80b4),
    reachesBeyond16MB: true,
    hasUsbOtg: true,
    forcesLoader: field(0x6000_812c, 0, 1),
  }),
  modern('esp32c2', {
    bases: [0x6000_2000, 0x6000_8800],
    major: [[0x44, 20, 2]],
    minor: [[0x44, 16, 4]],
    mac: 0x40,
    secureBoot: [0x30, 21, 1],
    flashEncryption: [0x30, 7, 3],
    watchdog: watchdogAt(0x6000_8084, 0x6000_809c),
  }),
  modern('esp32c3', {
    bases: [0x6000_2000, 0x6000_8800],
    ...REVISION_OF_C3_AND_S3,
    watchdog: watchdogAt(0x6000_8090, 0x6000_80a8),
    superWatchdog: rtcSuper(0x6000_80ac),
  }),
  modern('esp32c5', {
    bases: [0x6000_3000, 0x600b_4800],
    major: [[0x4c, 4, 2]],
    minor: [[0x4c, 0, 4]],
    secureBoot: [0x38, 25, 1],
    flashEncryption: [0x34, 16, 3],
    ...LP_WATCHDOGS,
    reachesBeyond16MB: true,
  }),
  modern('esp32c6', {
    bases: [0x6000_3000, 0x600b_0800],
    major: [[0x50, 22, 2]],
    minor: [[0x50, 18, 4]],
    ...LP_WATCHDOGS,
  }),
  modern('esp32h2', {
    bases: [0x6000_3000, 0x600b_0800],
    major: [[0x50, 21, 2]],
    minor: [[0x50, 18, 3]],
    watchdog: watchdogAt(0x600b_1c00, 0x600b_1c1c),
    superWatchdog: lpSuper(0x600b_1c20),
  }),
  modern('esp32p4', {
    bases: [0x5008_d000, 0x5012_d000],
    major: [
      [0x4c, 4, 2],
      [0x4c, 23, 1],
    ],
    minor: [[0x4c, 0, 4]],
    watchdog: watchdogAt(0x5011_6000, 0x5011_6018),
    superWatchdog: lpSuper(0x5011_601c),
    reachesBeyond16MB: true,
    hasUsbOtg: true,
    forcesLoader: field(0x5011_0008, 2, 1),
  }),
];

/** The chips that can be flashed. */
export const FLASHABLE_CHIPS: readonly ChipName[] = FACTS.map(({ chip }) => chip.name);

/** Unlocks the watchdogs' registers. */
export const WATCHDOG_UNLOCK = WATCHDOG_KEY;

/** The word at this address tells apart chips from before chip ids. */
export const MAGIC_ADDRESS = 0x4000_1000;
const CHIP_BY_MAGIC = new Map<number, ChipName>([
  [0x00f0_1d83, 'esp32'],
  [0x0000_07c6, 'esp32s2'],
  [0xfff0_c101, 'esp8266'],
]);

/** @throws FlashError `flash/unsupported-chip` */
export function factsByMagic(magic: number): ChipFacts {
  const name = CHIP_BY_MAGIC.get(magic);
  return factsOf(name ?? null, `the word 0x${magic.toString(16).padStart(8, '0')}`);
}

/** @throws FlashError `flash/unsupported-chip` */
export function factsByChipId(chipId: number): ChipFacts {
  return factsOf(chipById(chipId)?.name ?? null, `chip id ${chipId}`);
}

/** @throws FlashError `flash/unsupported-chip` */
export function factsByName(name: ChipName): ChipFacts {
  return factsOf(name, name);
}

function factsOf(name: ChipName | null, evidence: string): ChipFacts {
  const facts = FACTS.find(({ chip }) => chip.name === name);
  if (facts !== undefined) return facts;
  const what = name === null ? `an unknown chip (${evidence})` : `an ${chipByName(name).title}`;
  throw new FlashError('flash/unsupported-chip', `the port leads to ${what}`, {
    hint: `otakit flashes ${FACTS.map(({ chip }) => chip.title).join(', ')}.`,
    details: { chip: name, evidence },
  });
}
