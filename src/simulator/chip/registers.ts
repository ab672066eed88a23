import { sfdpTable } from './sfdp.ts';
import type { ChipProfile, EfuseField } from './profile.ts';
import { Watchdog } from './watchdog.ts';

const SPI_CMD_USR = 2 ** 18;
const SPI_USR2_COMMAND_MASK = 0xffff;

/** Commands of the flash chip that hosts send through the SPI controller. */
const FLASH_READ_ID = 0x9f;
const FLASH_READ_SFDP = 0x5a;
const FLASH_READ_STATUS = 0x05;

const ESP32_CALIBRATION = 0x3ff5_f06c;
const ESP32_CLOCK_EFUSE = 0x3ff5_a010;
const ESP32_PADS_EFUSE = 0x3ff5_a014;
const ESP32_HD_PAD_EFUSE = 0x3ff5_a00c;
const ESP32P4_PMU_DATE = 0x5011_53fc;
const FLASH_FORCE_ON = 3;
/** PCR_SYSCLK_CONF, with the crystal that the ROM goes by in its highest byte. */
const ESP32C5_SYSCLK = 0x6009_6110;

export interface ChipIdentity {
  readonly mac: readonly [number, number, number, number, number, number];
  readonly revision: { readonly major: number; readonly minor: number };
  readonly secureBoot: boolean;
  readonly flashEncryption: boolean;
  /** Whether the loader does no more than write: an eFuse that cannot be unburnt. */
  readonly secureDownload: boolean;
  readonly flashSizeBytes: number;
  /** What the board has, where that is not usual for the chip. */
  readonly crystalHz?: number;
  /** What the ROM takes the crystal to be, and reckons its rates by. */
  readonly romCrystalHz?: number;
  /** ESP32: the pads of a flash inside of the package, six bits each: clk, q, d, cs, hd. */
  readonly spiPads?: number;
  /** What the flash answers to RDID instead of the truth (a fault). */
  readonly flashId?: number;
}

/**
 * The memory that a host reads and writes by READ_REG and WRITE_REG: eFuses, the UART's divider, the
 * SPI controller with the flash chip behind it. Everything else is plain memory that keeps what is
 * written and reads 0 before.
 */
export class Registers {
  readonly #profile: ChipProfile;
  readonly #identity: ChipIdentity;
  readonly #words = new Map<number, number>();
  readonly #watchdog: Watchdog;
  #flashAttached = false;

  /** @param armWatchdog told how many ticks it is until the watchdog restarts the chip; `null`: never */
  constructor(
    profile: ChipProfile,
    identity: ChipIdentity,
    armWatchdog: (ticks: number | null) => void,
  ) {
    this.#profile = profile;
    this.#identity = identity;
    this.#watchdog = new Watchdog(profile.watchdog, (address) => this.read(address), armWatchdog);
    this.#words.set(0x4000_1000, profile.magic);
    this.#words.set(profile.uartClockDivider, Math.round(this.#crystalHz / 115_200));
    if (profile.name === 'esp32') this.#calibrateCrystal();
    if (profile.name === 'esp32c5') {
      this.#words.set(ESP32C5_SYSCLK, ((this.#romCrystalHz / 1e6) << 24) >>> 0);
    }
    this.#burnEfuses();
  }

  /** Whether the SPI controller is connected to where the flash is, and that has power. */
  get flashAttached(): boolean {
    return this.#flashAttached && this.#flashHasPower;
  }

  /** Revisions 3.1 and 3.2 of the ESP32-P4 leave it off until somebody forces it on. */
  get #flashHasPower(): boolean {
    const { major, minor } = this.#identity.revision;
    const leavesItOff =
      this.#profile.name === 'esp32p4' && major === 3 && (minor === 1 || minor === 2);
    return !leavesItOff || (this.read(ESP32P4_PMU_DATE) & FLASH_FORCE_ON) === FLASH_FORCE_ON;
  }

  /** @param pads the argument of SPI_ATTACH: 0 for the usual pads; `null` for what the eFuses say */
  attachFlash(pads: number | null): void {
    const { spiPads = 0 } = this.#identity;
    this.#flashAttached = pads === null || pads === spiPads;
  }

  /** How much faster than asked for the ROM makes the line, because it is wrong about the crystal. */
  get romRateError(): number {
    return this.#crystalHz / this.#romCrystalHz;
  }

  get #crystalHz(): number {
    return this.#identity.crystalHz ?? this.#profile.crystalHz;
  }

  get #romCrystalHz(): number {
    return this.#identity.romCrystalHz ?? this.#profile.romCrystalHz ?? this.#crystalHz;
  }

  read(address: number): number {
    return this.#words.get(address) ?? 0;
  }

  write(address: number, value: number, mask = 0xffff_ffff): void {
    if (this.#watchdog.isLocked(address)) return;
    const merged = ((this.read(address) & ~mask) | (value & mask)) >>> 0;
    this.#words.set(address, merged);
    this.#watchdog.written(address);
    const { base } = this.#profile.spi;
    if (address === base && (merged & SPI_CMD_USR) !== 0) {
      this.#runSpiCommand();
      this.#words.set(base, (merged & ~SPI_CMD_USR) >>> 0);
    }
  }

  /**
   * The ESP32's ROM measures its crystal against a clock whose rate is in an eFuse, and hosts redo that
   * sum before they ask it for another baud rate: count × 15625 × rate / 40.
   */
  #calibrateCrystal(): void {
    const rate = 128;
    const count = Math.round((this.#romCrystalHz * 40) / (15_625 * rate));
    this.#words.set(ESP32_CALIBRATION, count << 7);
    this.#words.set(ESP32_CLOCK_EFUSE, rate);
  }

  #burnEfuses(): void {
    const { mac, revision, secureBoot, flashEncryption } = this.#identity;
    const { macWord } = this.#profile;
    const [a, b, c, d, e, f] = mac;
    this.#words.set(macWord, ((c << 24) | (d << 16) | (e << 8) | f) >>> 0);
    this.#words.set(macWord + 4, (a << 8) | b);
    const major = this.#profile.name === 'esp32' ? 2 ** revision.major - 1 : revision.major;
    this.#burn(this.#profile.revision.major, major);
    this.#burn(this.#profile.revision.minor, revision.minor);
    if (this.#profile.name === 'esp32') this.#burnPads(this.#identity.spiPads ?? 0);
    if (secureBoot) this.#burn([this.#profile.secureBoot], 1);
    if (flashEncryption) this.#burn([this.#profile.flashEncryption], 1);
  }

  /** Six bits each in SPI_ATTACH, five each in the eFuses. */
  #burnPads(pads: number): void {
    const pad = (index: number) => (pads >>> (6 * index)) & 0x1f;
    const [clk, q, d, cs, hd] = [pad(0), pad(1), pad(2), pad(3), pad(4)];
    this.#burn(
      [{ address: ESP32_PADS_EFUSE, shift: 0, bits: 20 }],
      clk | (q << 5) | (d << 10) | (cs << 15),
    );
    this.#burn([{ address: ESP32_HD_PAD_EFUSE, shift: 4, bits: 5 }], hd);
  }

  /** Spreads a value over fields, the lowest bits into the first. */
  #burn(fields: readonly EfuseField[], value: number): void {
    let rest = value;
    for (const { address, shift, bits } of fields) {
      const part = rest & (2 ** bits - 1);
      this.#words.set(address, (this.read(address) | (part << shift)) >>> 0);
      rest >>>= bits;
    }
  }

  #runSpiCommand(): void {
    const { base, usr2, misoLength, w0 } = this.#profile.spi;
    const command = this.read(base + usr2) & SPI_USR2_COMMAND_MASK;
    const answer = this.#flashAnswer(command);
    const bits = this.read(base + misoLength) + 1;
    const wanted = Math.min(Math.ceil(bits / 8), 64);
    const bytes = new Uint8Array(64);
    bytes.set(answer.subarray(0, wanted));
    const view = new DataView(bytes.buffer);
    for (let offset = 0; offset < 64; offset += 4) {
      this.#words.set(base + w0 + offset, view.getUint32(offset, true));
    }
  }

  #flashAnswer(command: number): Uint8Array {
    // Nobody drives the line.
    if (!this.flashAttached) return new Uint8Array(4).fill(0xff);
    const { flashSizeBytes, flashId } = this.#identity;
    if (command === FLASH_READ_ID) {
      // Manufacturer XM25, type 0x40, capacity as a power of two.
      const id = flashId ?? 0x20 | (0x40 << 8) | (Math.log2(flashSizeBytes) << 16);
      return Uint8Array.of(id & 0xff, (id >> 8) & 0xff, (id >> 16) & 0xff);
    }
    if (command === FLASH_READ_SFDP) {
      const address = this.read(this.#profile.spi.base + 4);
      // The ESP32 sends the address from the top of the register, later chips from the bottom.
      return sfdpTable(flashSizeBytes).subarray(address > 0xff_ffff ? address >>> 8 : address);
    }
    if (command === FLASH_READ_STATUS) return Uint8Array.of(0);
    return new Uint8Array(0);
  }
}
