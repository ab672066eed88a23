import type { ChipName } from '../../chips/index.ts';
import type { ChipFacts } from './chip-facts.ts';
import type { Connection } from './connection.ts';
import { readRegister } from './registers.ts';

const MHZ = 1_000_000;
/** What lies between the crystals that there are: 26, 40 and 48 MHz. */
const ABOVE_26 = 33 * MHZ;
const ABOVE_40 = 45 * MHZ;

/** ESP32: what its ROM counted of the crystal, against a clock whose rate is in an eFuse. */
const ESP32_CALIBRATION = 0x3ff5_f06c;
const ESP32_CLOCK_EFUSE = 0x3ff5_a010;

/** ESP32-C2, ESP32-C5: how the ROM divides the crystal to get the rate of the host. */
const UART_DIVIDER = 0x6000_0014;
const UART_DIVIDER_MASK = 0xf_ffff;
/** PCR_SYSCLK_CONF of the ESP32-C5: what its ROM takes the crystal for, in MHz, in the highest byte. */
const ESP32C5_SYSCLK = 0x6009_6110;

type RateFor = (connection: Connection, wanted: number) => Promise<number>;

const ASKED_OF: Partial<Record<ChipName, RateFor>> = {
  esp32: async (connection, wanted) => {
    const count = ((await readRegister(connection, ESP32_CALIBRATION)) >>> 7) & 0x1ff_ffff;
    const clock = (await readRegister(connection, ESP32_CLOCK_EFUSE)) & 0xff;
    const counted = (count * 15_625 * clock) / 40;
    const crystal = counted > ABOVE_26 ? 40 * MHZ : 26 * MHZ;
    return counted === 0 ? wanted : Math.floor((wanted * counted) / crystal);
  },
  esp32c2: async (connection, wanted) => {
    const crystal = await measuredCrystal(connection);
    return crystal > ABOVE_26 ? wanted : Math.floor((wanted * 40) / 26);
  },
  esp32c5: async (connection, wanted) => {
    const crystal = (await measuredCrystal(connection)) > ABOVE_40 ? 48 : 40;
    const taken = (await readRegister(connection, ESP32C5_SYSCLK)) >>> 24;
    return taken === 40 || taken === 48 ? Math.floor((wanted * taken) / crystal) : wanted;
  },
};

/**
 * The rate to ask a ROM for to get the one that is wanted. Some reckon with a crystal that the board
 * does not have, and miss every rate by as much; the stub does not.
 */
export async function rateForRom(
  connection: Connection,
  { chip }: ChipFacts,
  wanted: number,
): Promise<number> {
  return (await ASKED_OF[chip.name]?.(connection, wanted)) ?? wanted;
}

/** From the divider, since the rate at which it answers is known. */
async function measuredCrystal(connection: Connection): Promise<number> {
  const divider = (await readRegister(connection, UART_DIVIDER)) & UART_DIVIDER_MASK;
  return divider * connection.baudRate;
}
