import { sfdpTable } from './sfdp.ts';
import type { ChipProfile, EfuseField } from './profile.ts';

const SPI_CMD_USR = 2 ** 18;
const SPI_USR2_COMMAND_MASK = 0xffff;

/** Commands of the flash chip that hosts send through the SPI controller. */
const FLASH_READ_ID = 0x9f;
const FLASH_READ_SFDP = 0x5a;
const FLASH_READ_STATUS = 0x05;

const ESP32_CALIBRATION = 0x3ff5_f06c;
const ESP32_CLOCK_EFUSE = 0x3ff5_a010;

export interface ChipIdentity {
  readonly mac: readonly [number, number, number, number, number, number];
  readonly revision: { readonly major: number; readonly minor: number };
  readonly secureBoot: boolean;
  readonly flashEncryption: boolean;
  readonly flashSizeBytes: number;
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

  constructor(profile: ChipProfile, identity: ChipIdentity) {
    this.#profile = profile;
    this.#identity = identity;
    this.#words.set(0x4000_1000, profile.magic);
    this.#words.set(profile.uartClockDivider, Math.round(profile.crystalHz / 115_200));
    if (profile.name === 'esp32') this.#calibrateCrystal();
    this.#burnEfuses();
  }

  read(address: number): number {
    return this.#words.get(address) ?? 0;
  }

  write(address: number, value: number, mask = 0xffff_ffff): void {
    const merged = ((this.read(address) & ~mask) | (value & mask)) >>> 0;
    this.#words.set(address, merged);
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
    const count = (this.#profile.crystalHz * 40) / (15_625 * rate);
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
    if (secureBoot) this.#burn([this.#profile.secureBoot], 1);
    if (flashEncryption) this.#burn([this.#profile.flashEncryption], 1);
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
