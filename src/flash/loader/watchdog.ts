import type { ChipFacts } from './chip-facts.ts';
import { WATCHDOG_UNLOCK } from './chip-facts.ts';
import type { Connection } from './connection.ts';
import { readRegister, writeRegister } from './registers.ts';

/** At some 136 to 150 kHz long enough for the answer to get out; eFuses may make it sixteen times as long. */
const RESTART_TICKS = 2000;
const RESTARTED_AFTER_MS = 250;

/**
 * Keeps the watchdogs from resetting the chip. In USB-Serial-JTAG mode the ROM leaves them running,
 * and a long erase would be cut off.
 */
export async function stopWatchdogs(connection: Connection, facts: ChipFacts): Promise<void> {
  const { watchdog, superWatchdog } = facts;
  if (superWatchdog === null) return;
  await writeRegister(connection, watchdog.writeProtect, WATCHDOG_UNLOCK);
  await writeRegister(connection, watchdog.config, 0);
  await writeRegister(connection, watchdog.writeProtect, 0);
  await writeRegister(connection, superWatchdog.writeProtect, superWatchdog.key);
  const config = await readRegister(connection, superWatchdog.config);
  await writeRegister(connection, superWatchdog.config, config | superWatchdog.autoFeed);
  await writeRegister(connection, superWatchdog.writeProtect, 0);
}

/** Keeps an application that has asked for the loader from having asked for the next reset too. */
export async function forgetForcedLoader(
  connection: Connection,
  { forcesLoader }: ChipFacts,
): Promise<void> {
  if (forcesLoader === null) return;
  await writeRegister(connection, forcesLoader.address, 0, 1 << forcesLoader.shift);
}

/**
 * Lets the watchdog start the chip anew in a moment. It takes no modem lines, and the straps are looked
 * at again, so that the application starts; what the loader itself has for that leads back into it.
 */
export async function restartByWatchdog(connection: Connection, facts: ChipFacts): Promise<void> {
  const { watchdog } = facts;
  await forgetForcedLoader(connection, facts);
  await writeRegister(connection, watchdog.writeProtect, WATCHDOG_UNLOCK);
  await writeRegister(connection, watchdog.timeout, RESTART_TICKS);
  await writeRegister(connection, watchdog.config, watchdog.restart);
  // Whoever opens the port next must not be cut off by it.
  await connection.untilHeard(RESTARTED_AFTER_MS);
}
