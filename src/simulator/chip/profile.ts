import type { ChipName } from '../../chips/index.ts';
import { VirtualChipError } from './codes.ts';
import type { WatchdogLayout } from './watchdog.ts';

/** A field of eFuse bits: where its word is, and which bits of it. */
export interface EfuseField {
  readonly address: number;
  readonly shift: number;
  readonly bits: number;
}

/** What a host sees of a chip before any firmware runs. Register addresses as in its reference manual. */
export interface ChipProfile {
  readonly name: VirtualChipName;
  /** The word at 0x40001000, by which chips without GET_SECURITY_INFO are told apart. */
  readonly magic: number;
  /** What GET_SECURITY_INFO answers with: nothing, no chip id (12 bytes), or all (20 bytes). */
  readonly securityInfo: 'none' | 'short' | 'full';
  readonly spi: SpiLayout;
  /** The UART's clock divider, from which a host works out the crystal. */
  readonly uartClockDivider: number;
  /** The crystal that boards have. */
  readonly crystalHz: number;
  /** What the ROM takes it to be, where that is something else. */
  readonly romCrystalHz: number | null;
  readonly watchdog: WatchdogLayout;
  /** Whether the ROM runs no code from RAM once secure boot is on. */
  readonly secureBootKeepsStubOut: boolean;
  /** Where the ROM keeps the address of its routine for reading flash: the way around that. */
  readonly romReadPointer: number | null;
  /** The first of the two words with the MAC address. */
  readonly macWord: number;
  readonly revision: {
    readonly major: readonly EfuseField[];
    readonly minor: readonly EfuseField[];
  };
  readonly secureBoot: EfuseField;
  readonly flashEncryption: EfuseField;
}

export interface SpiLayout {
  readonly base: number;
  readonly usr: number;
  readonly usr2: number;
  readonly misoLength: number;
  readonly w0: number;
}

/** A chip family that there is a virtual chip of. */
export type VirtualChipName = Extract<
  ChipName,
  | 'esp32'
  | 'esp32s2'
  | 'esp32s3'
  | 'esp32c2'
  | 'esp32c3'
  | 'esp32c5'
  | 'esp32c6'
  | 'esp32h2'
  | 'esp32p4'
>;

const NEW_SPI = { usr: 0x18, usr2: 0x20, misoLength: 0x28, w0: 0x58 };
const at = (address: number, shift: number, bits: number): EfuseField => ({ address, shift, bits });

/** The configuration, the first timeout after it, and the write protection. */
const watchdogAt = (config: number, writeProtect: number): WatchdogLayout => ({
  config,
  timeout: config + 4,
  writeProtect,
});

/** Chips since the ESP32-C3 share their layout; `block1` is where their eFuse block 1 is read. */
function modern(
  name: VirtualChipName,
  spiBase: number,
  efuse: { readonly readBase: number; readonly block1: number; readonly mac?: number },
  revision: ChipProfile['revision'],
  rest: Partial<ChipProfile> & Pick<ChipProfile, 'watchdog'>,
): ChipProfile {
  return {
    name,
    magic: 0x00f0_1d83,
    securityInfo: 'full',
    spi: { base: spiBase, ...NEW_SPI },
    uartClockDivider: 0x6000_0014,
    crystalHz: 40_000_000,
    romCrystalHz: null,
    secureBootKeepsStubOut: false,
    romReadPointer: null,
    macWord: efuse.mac ?? efuse.block1,
    revision,
    secureBoot: at(efuse.readBase + 8, 20, 1),
    flashEncryption: at(efuse.readBase + 4, 18, 3),
    ...rest,
  };
}

const LP_WATCHDOG = watchdogAt(0x600b_1c00, 0x600b_1c18);

const PROFILES: Readonly<Record<VirtualChipName, ChipProfile>> = {
  esp32: {
    name: 'esp32',
    magic: 0x00f0_1d83,
    securityInfo: 'none',
    spi: { base: 0x3ff4_2000, usr: 0x1c, usr2: 0x24, misoLength: 0x2c, w0: 0x80 },
    uartClockDivider: 0x3ff4_0014,
    crystalHz: 40_000_000,
    romCrystalHz: null,
    watchdog: watchdogAt(0x3ff4_808c, 0x3ff4_80a4),
    secureBootKeepsStubOut: false,
    romReadPointer: null,
    macWord: 0x3ff5_a004,
    // The major revision is the number of bits that are set, from the lowest; the third is no eFuse.
    revision: {
      major: [at(0x3ff5_a00c, 15, 1), at(0x3ff5_a014, 20, 1), at(0x3ff6_607c, 31, 1)],
      minor: [at(0x3ff5_a014, 24, 2)],
    },
    secureBoot: at(0x3ff5_a018, 4, 1),
    flashEncryption: at(0x3ff5_a000, 20, 7),
  },
  esp32s2: modern(
    'esp32s2',
    0x3f40_2000,
    { readBase: 0x3f41_a030, block1: 0x3f41_a044 },
    {
      major: [at(0x3f41_a050, 18, 2)],
      minor: [at(0x3f41_a054, 4, 3), at(0x3f41_a050, 20, 1)],
    },
    {
      magic: 0x07c6,
      securityInfo: 'short',
      uartClockDivider: 0x3f40_0014,
      watchdog: watchdogAt(0x3f40_8094, 0x3f40_80ac),
    },
  ),
  esp32s3: modern(
    'esp32s3',
    0x6000_2000,
    { readBase: 0x6000_7030, block1: 0x6000_7044 },
    {
      major: [at(0x6000_7058, 24, 2)],
      minor: [at(0x6000_7050, 18, 3), at(0x6000_7058, 23, 1)],
    },
    {
      watchdog: watchdogAt(0x6000_8098, 0x6000_80b0),
      secureBootKeepsStubOut: true,
      romReadPointer: 0x3fce_f688,
    },
  ),
  esp32c2: modern(
    'esp32c2',
    0x6000_2000,
    { readBase: 0x6000_8830, block1: 0x6000_8844, mac: 0x6000_8840 },
    { major: [at(0x6000_8844, 20, 2)], minor: [at(0x6000_8844, 16, 4)] },
    {
      secureBoot: at(0x6000_8830, 21, 1),
      flashEncryption: at(0x6000_8830, 7, 3),
      crystalHz: 26_000_000,
      romCrystalHz: 40_000_000,
      watchdog: watchdogAt(0x6000_8084, 0x6000_809c),
    },
  ),
  esp32c3: modern(
    'esp32c3',
    0x6000_2000,
    { readBase: 0x6000_8830, block1: 0x6000_8844 },
    {
      major: [at(0x6000_8858, 24, 2)],
      minor: [at(0x6000_8850, 18, 3), at(0x6000_8858, 23, 1)],
    },
    { watchdog: watchdogAt(0x6000_8090, 0x6000_80a8), secureBootKeepsStubOut: true },
  ),
  esp32c5: modern(
    'esp32c5',
    0x6000_3000,
    { readBase: 0x600b_4830, block1: 0x600b_4844 },
    { major: [at(0x600b_484c, 4, 2)], minor: [at(0x600b_484c, 0, 4)] },
    {
      secureBoot: at(0x600b_4838, 25, 1),
      flashEncryption: at(0x600b_4834, 16, 3),
      crystalHz: 48_000_000,
      watchdog: LP_WATCHDOG,
    },
  ),
  esp32c6: modern(
    'esp32c6',
    0x6000_3000,
    { readBase: 0x600b_0830, block1: 0x600b_0844 },
    { major: [at(0x600b_0850, 22, 2)], minor: [at(0x600b_0850, 18, 4)] },
    { watchdog: LP_WATCHDOG },
  ),
  esp32h2: modern(
    'esp32h2',
    0x6000_3000,
    { readBase: 0x600b_0830, block1: 0x600b_0844 },
    { major: [at(0x600b_0850, 21, 2)], minor: [at(0x600b_0850, 18, 3)] },
    { crystalHz: 32_000_000, watchdog: watchdogAt(0x600b_1c00, 0x600b_1c1c) },
  ),
  esp32p4: modern(
    'esp32p4',
    0x5008_d000,
    { readBase: 0x5012_d030, block1: 0x5012_d044 },
    { major: [at(0x5012_d04c, 4, 2), at(0x5012_d04c, 23, 1)], minor: [at(0x5012_d04c, 0, 4)] },
    { watchdog: watchdogAt(0x5011_6000, 0x5011_6018) },
  ),
};

/** The chips that there are virtual ones of. */
export const VIRTUAL_CHIPS = Object.keys(PROFILES) as readonly VirtualChipName[];

/** @throws VirtualChipError `virtual-chip/unsupported-chip` */
export function profileOf(name: ChipName): ChipProfile {
  const profile = VIRTUAL_CHIPS.find((known) => known === name);
  if (profile !== undefined) return PROFILES[profile];
  throw new VirtualChipError('virtual-chip/unsupported-chip', `there is no virtual ${name}`, {
    hint: `Choose one of ${VIRTUAL_CHIPS.join(', ')}.`,
    details: { chip: name },
  });
}
