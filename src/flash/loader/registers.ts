import type { BitField, ChipFacts } from './chip-facts.ts';
import type { Connection } from './connection.ts';
import { COMMAND, words } from './packet.ts';

export async function readRegister(connection: Connection, address: number): Promise<number> {
  return (await connection.command(COMMAND.readRegister, words(address))).value;
}

export async function writeRegister(
  connection: Connection,
  address: number,
  value: number,
  mask = 0xffff_ffff,
): Promise<void> {
  await connection.command(COMMAND.writeRegister, words(address, value >>> 0, mask, 0));
}

/** Several in one command, in their order: each command costs a round trip. */
async function writeRegisters(
  connection: Connection,
  ...writes: readonly (readonly [address: number, value: number])[]
): Promise<void> {
  const entries = writes.flatMap(([address, value]) => [address, value >>> 0, 0xffff_ffff, 0]);
  await connection.command(COMMAND.writeRegister, words(...entries));
}

/** What eFuses say of a chip. */
export interface ChipIdentity {
  /** `84:f7:03:01:02:03`. */
  readonly mac: string;
  /** Major × 100 + minor, as image headers count. */
  readonly revision: number;
  readonly secureBoot: boolean;
  readonly flashEncryption: boolean;
}

/** Of the ESP32 the bits of the major revision are set one after the other. */
const MAJOR_OF_ESP32: ReadonlyMap<number, number> = new Map([
  [0b001, 1],
  [0b011, 2],
  [0b111, 3],
]);

export async function readIdentity(
  connection: Connection,
  facts: ChipFacts,
): Promise<ChipIdentity> {
  // Fields share words, and each word costs a round trip.
  const known = new Map<number, number>();
  const word = async (address: number) => {
    const value = known.get(address) ?? (await readRegister(connection, address));
    known.set(address, value);
    return value;
  };
  const low = await word(facts.macAddress);
  const high = await word(facts.macAddress + 4);
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, high);
  view.setUint32(4, low);
  const isEsp32 = facts.chip.name === 'esp32';
  const majorBits = await readFields(word, facts.revisionMajor);
  const major = isEsp32 ? (MAJOR_OF_ESP32.get(majorBits) ?? 0) : majorBits;
  const revision = major * 100 + (await readFields(word, facts.revisionMinor));
  const secureBoot = await readFields(word, facts.secureBoot);
  return {
    mac: Array.from(bytes.subarray(2), (byte) => byte.toString(16).padStart(2, '0')).join(':'),
    revision,
    // The second bit of the ESP32 means secure boot V2, which came with v3.0.
    secureBoot: (isEsp32 && revision < 300 ? secureBoot & 1 : secureBoot) !== 0,
    // Encryption is on while an odd number of bits is burnt.
    flashEncryption: countOnes(await readFields(word, [facts.flashEncryption])) % 2 === 1,
  };
}

async function readFields(
  readWord: (address: number) => Promise<number>,
  fields: readonly BitField[],
): Promise<number> {
  let value = 0;
  let shift = 0;
  for (const { address, shift: from, bits } of fields) {
    const word = await readWord(address);
    value |= ((word >>> from) & (2 ** bits - 1)) << shift;
    shift += bits;
  }
  return value;
}

function countOnes(value: number): number {
  return value.toString(2).replaceAll('0', '').length;
}

const SPI_USR_COMMAND = 0x8000_0000;
const SPI_USR_MISO = 0x1000_0000;
const SPI_START = 1 << 18;
/** Eight bits of command, minus one, in the top nibble. */
const SPI_COMMAND_LENGTH = 0x7000_0000;
const READ_ID = 0x9f;
const ID_BITS = 24;
const POLLS = 10;

/** The flash's JEDEC id, manufacturer in the lowest byte; `null` where the controller hangs. */
export async function readFlashId(
  connection: Connection,
  { spi }: ChipFacts,
): Promise<number | null> {
  const oldUsr = await readRegister(connection, spi.base + spi.usr);
  const oldUsr2 = await readRegister(connection, spi.base + spi.usr2);
  await writeRegisters(
    connection,
    [spi.base + spi.misoLength, ID_BITS - 1],
    [spi.base + spi.usr, SPI_USR_COMMAND | SPI_USR_MISO],
    [spi.base + spi.usr2, SPI_COMMAND_LENGTH | READ_ID],
    [spi.base + spi.w0, 0],
    [spi.base, SPI_START],
  );
  let polls = 0;
  while (((await readRegister(connection, spi.base)) & SPI_START) !== 0) {
    polls += 1;
    if (polls === POLLS) return null;
  }
  const id = await readRegister(connection, spi.base + spi.w0);
  await writeRegisters(connection, [spi.base + spi.usr, oldUsr], [spi.base + spi.usr2, oldUsr2]);
  return id & 0xff_ffff;
}

const RESET_ENABLE = 0x66;
const RESET = 0x99;
const SPI_DONE_US = 10;
const FLASH_STARTS_US = 1000;

/**
 * Resets the flash chip itself: an application may have left it in a mode of its own, which survives a
 * reset of the chip and from which the ROM does not boot.
 */
export async function resetFlash(connection: Connection, { spi }: ChipFacts): Promise<void> {
  const oldUsr = await readRegister(connection, spi.base + spi.usr);
  const oldUsr2 = await readRegister(connection, spi.base + spi.usr2);
  const entry = (offset: number, value: number, delayUs = 0) =>
    [spi.base + offset, value >>> 0, 0xffff_ffff, delayUs] as const;
  const entries = [
    entry(spi.usr, SPI_USR_COMMAND),
    entry(spi.usr2, SPI_COMMAND_LENGTH | RESET_ENABLE),
    entry(0, SPI_START),
    entry(spi.usr2, SPI_COMMAND_LENGTH | RESET, SPI_DONE_US),
    entry(0, SPI_START),
    entry(spi.usr, oldUsr, FLASH_STARTS_US),
    entry(spi.usr2, oldUsr2),
  ];
  await connection.command(COMMAND.writeRegister, words(...entries.flat()));
}
