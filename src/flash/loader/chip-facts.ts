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

/** The watchdogs that would reset a chip in USB-Serial-JTAG mode while it is being flashed. */
export interface Watchdogs {
  readonly config: number;
  readonly writeProtect: number;
  readonly superConfig: number;
  readonly superWriteProtect: number;
  readonly superKey: number;
  readonly superAutoFeed: number;
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
  /** `null` for chips without a USB-Serial-JTAG controller. */
  readonly watchdogs: Watchdogs | null;
  /** Whether FLASH_BEGIN and DEFL_BEGIN of the ROM take a fifth word (encrypted write). */
  readonly romTakesEncryptedFlag: boolean;
  /** Whether the ROM keeps time well enough to be asked for another rate. */
  readonly romChangesBaudRate: boolean;
}

const WATCHDOG_KEY = 0x50d8_3aa1;
const RTC_SUPER_KEY = 0x8f1d_312a;

const field = (address: number, shift: number, bits: number): BitField => ({
  address,
  shift,
  bits,
});

function rtcWatchdogs(base: number, [config, protect, sup, superProtect]: RegisterOffsets) {
  return {
    config: base + config,
    writeProtect: base + protect,
    superConfig: base + sup,
    superWriteProtect: base + superProtect,
    superKey: RTC_SUPER_KEY,
    superAutoFeed: 0x8000_0000,
  };
}

type RegisterOffsets = readonly [
  config: number,
  protect: number,
  sup: number,
  superProtect: number,
];

function lpWatchdogs(base: number, [config, protect, sup, superProtect]: RegisterOffsets) {
  return {
    ...rtcWatchdogs(base, [config, protect, sup, superProtect]),
    superKey: WATCHDOG_KEY,
    superAutoFeed: 1 << 18,
  };
}

const LP_OFFSETS: RegisterOffsets = [0, 0x18, 0x1c, 0x20];

/** Chips since the ESP32-S2 share most of their layout; `efuse` is the base of the eFuse block. */
function modern(
  name: ChipName,
  spiBase: number,
  efuse: number,
  revision: Pick<ChipFacts, 'revisionMajor' | 'revisionMinor'>,
  rest: Partial<ChipFacts> = {},
): ChipFacts {
  return {
    chip: chipByName(name),
    spi: { base: spiBase, usr: 0x18, usr2: 0x20, misoLength: 0x28, w0: 0x58 },
    macAddress: efuse + 0x44,
    ...revision,
    secureBoot: [field(efuse + 0x38, 20, 1)],
    flashEncryption: field(efuse + 0x34, 18, 3),
    watchdogs: null,
    romTakesEncryptedFlag: true,
    romChangesBaudRate: true,
    ...rest,
  };
}

const FACTS: readonly ChipFacts[] = [
  {
    chip: chipByName('esp32'),
    spi: { base: 0x3ff4_2000, usr: 0x1c, usr2: 0x24, misoLength: 0x2c, w0: 0x80 },
    macAddress: 0x3ff5_a004,
    // The major revision is how many of the three bits are set, counted from the first.
    revisionMajor: [
      field(0x3ff5_a00c, 15, 1),
      field(0x3ff5_a014, 20, 1),
      field(0x3ff6_607c, 31, 1),
    ],
    revisionMinor: [field(0x3ff5_a014, 24, 2)],
    secureBoot: [field(0x3ff5_a018, 4, 1), field(0x3ff5_a018, 5, 1)],
    flashEncryption: field(0x3ff5_a000, 20, 7),
    watchdogs: null,
    romTakesEncryptedFlag: false,
    romChangesBaudRate: true,
  },
  modern('esp32s2', 0x3f40_2000, 0x3f41_a000, {
    revisionMajor: [field(0x3f41_a050, 18, 2)],
    revisionMinor: [field(0x3f41_a054, 4, 3), field(0x3f41_a050, 20, 1)],
  }),
  modern(
    'esp32s3',
    0x6000_2000,
    0x6000_7000,
    {
      revisionMajor: [field(0x6000_7058, 24, 2)],
      revisionMinor: [field(0x6000_7050, 18, 3), field(0x6000_7058, 23, 1)],
    },
    { watchdogs: rtcWatchdogs(0x6000_8000, [0x98, 0xb0, 0xb4, 0xb8]) },
  ),
  modern(
    'esp32c2',
    0x6000_2000,
    0x6000_8800,
    {
      revisionMajor: [field(0x6000_8844, 20, 2)],
      revisionMinor: [field(0x6000_8844, 16, 4)],
    },
    {
      macAddress: 0x6000_8840,
      secureBoot: [field(0x6000_8830, 21, 1)],
      flashEncryption: field(0x6000_8830, 7, 3),
      // With its 26 MHz crystal the ROM misses the rates that it is asked for.
      romChangesBaudRate: false,
    },
  ),
  modern(
    'esp32c3',
    0x6000_2000,
    0x6000_8800,
    {
      revisionMajor: [field(0x6000_8858, 24, 2)],
      revisionMinor: [field(0x6000_8850, 18, 3), field(0x6000_8858, 23, 1)],
    },
    { watchdogs: rtcWatchdogs(0x6000_8000, [0x90, 0xa8, 0xac, 0xb0]) },
  ),
  modern(
    'esp32c5',
    0x6000_3000,
    0x600b_4800,
    {
      revisionMajor: [field(0x600b_484c, 4, 2)],
      revisionMinor: [field(0x600b_484c, 0, 4)],
    },
    {
      secureBoot: [field(0x600b_4838, 25, 1)],
      flashEncryption: field(0x600b_4834, 16, 3),
      watchdogs: lpWatchdogs(0x600b_1c00, LP_OFFSETS),
    },
  ),
  modern(
    'esp32c6',
    0x6000_3000,
    0x600b_0800,
    {
      revisionMajor: [field(0x600b_0850, 22, 2)],
      revisionMinor: [field(0x600b_0850, 18, 4)],
    },
    { watchdogs: lpWatchdogs(0x600b_1c00, LP_OFFSETS) },
  ),
  modern(
    'esp32h2',
    0x6000_3000,
    0x600b_0800,
    {
      revisionMajor: [field(0x600b_0850, 21, 2)],
      revisionMinor: [field(0x600b_0850, 18, 3)],
    },
    { watchdogs: lpWatchdogs(0x600b_1c00, [0, 0x1c, 0x20, 0x24]) },
  ),
  modern(
    'esp32p4',
    0x5008_d000,
    0x5012_d000,
    {
      revisionMajor: [field(0x5012_d04c, 4, 2), field(0x5012_d04c, 23, 1)],
      revisionMinor: [field(0x5012_d04c, 0, 4)],
    },
    { watchdogs: lpWatchdogs(0x5011_6000, LP_OFFSETS) },
  ),
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

function factsOf(name: ChipName | null, evidence: string): ChipFacts {
  const facts = FACTS.find(({ chip }) => chip.name === name);
  if (facts !== undefined) return facts;
  const what = name === null ? `an unknown chip (${evidence})` : `an ${chipByName(name).title}`;
  throw new FlashError('flash/unsupported-chip', `the port leads to ${what}`, {
    hint: `otakit flashes ${FACTS.map(({ chip }) => chip.title).join(', ')}.`,
    details: { chip: name, evidence },
  });
}
