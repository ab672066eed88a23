import type { ChipFacts } from './chip-facts.ts';
import type { Connection } from './connection.ts';
import { readRegister, writeRegister } from './registers.ts';

const PAD_GROUP = 0x5011_010c;
const LDO = 0x5011_51b8;
const LDO_ANALOG = 0x5011_51bc;
const PMU_DATE = 0x5011_53fc;
const EFUSE_DATA_1 = 0x5012_d034;

const LIMIT_CURRENT = 1 << 27;
const TARGET = 0xff << 23;
const FORCE_TIE_HIGH = 1 << 7;
const FORCE_ON = 3;
const XPD_ON_IN_DOWNLOAD_MODE = 1 << 16;

const PADS_SETTLE_MS = 10;
const VOLTAGE_SETTLES_MS = 2;

/**
 * Switches the flash on. The ESP32-P4 of revision 3.1 and 3.2 leaves it off in its loader, because it
 * would be 3.3 V for a flash that may be for 1.8 V.
 */
export async function powerFlash(
  connection: Connection,
  { chip }: ChipFacts,
  revision: number,
): Promise<void> {
  if (chip.name !== 'esp32p4' || (revision !== 301 && revision !== 302)) return;
  const set = async (address: number, bits: number) =>
    writeRegister(connection, address, (await readRegister(connection, address)) | bits);
  const clear = async (address: number, bits: number) =>
    writeRegister(connection, address, (await readRegister(connection, address)) & ~bits);
  const efuses = revision === 302 ? await readRegister(connection, EFUSE_DATA_1) : 0;
  if ((efuses & XPD_ON_IN_DOWNLOAD_MODE) !== 0) {
    // The ROM does it by itself, but not twice: after a reset it must find the flash off.
    if (((await readRegister(connection, PMU_DATE)) & FORCE_ON) === FORCE_ON) {
      await clear(PMU_DATE, FORCE_ON);
    }
    return;
  }
  await writeRegister(connection, PAD_GROUP, 1);
  await connection.clock.sleep(PADS_SETTLE_MS, connection.signal);
  await set(LDO_ANALOG, LIMIT_CURRENT);
  await set(LDO, FORCE_TIE_HIGH);
  await set(PMU_DATE, FORCE_ON);
  await clear(LDO_ANALOG, LIMIT_CURRENT);
  await clear(LDO, TARGET);
  // Now the voltage of the eFuses counts.
  await set(LDO, FORCE_TIE_HIGH);
  await clear(LDO, FORCE_TIE_HIGH);
  await connection.clock.sleep(VOLTAGE_SETTLES_MS, connection.signal);
}
