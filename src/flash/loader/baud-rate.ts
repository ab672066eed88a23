import type { ChipFacts } from './chip-facts.ts';
import type { Connection } from './connection.ts';
import { synchronise } from './connect.ts';
import { COMMAND, words } from './packet.ts';
import { rateForRom } from './rom-rate.ts';

/** The rate at which every ROM starts. */
export const ROM_BAUD_RATE = 115_200;

/** Rates to fall back to when a line turns out to be bad. */
const LADDER = [1_500_000, 921_600, 460_800, 230_400, ROM_BAUD_RATE];

/** Garbage of the change is on the line for about this long; where it takes longer, a check more helps. */
const SETTLE_MS = 20;
const CHECKS = 3;

/** The next lower rate; the ROM's own is the last. */
export function slowerRate(baudRate: number): number {
  return LADDER.find((rate) => rate < baudRate) ?? ROM_BAUD_RATE;
}

/**
 * Asks the loader for another rate and checks that it answers there.
 *
 * @returns whether it does; if not, the chip has to be reset
 */
export async function changeBaudRate(
  connection: Connection,
  facts: ChipFacts,
  to: number,
): Promise<boolean> {
  const wasStub = connection.isStub;
  // The stub takes the rate that was before too; of the ROM that place must be 0.
  const rates = wasStub ? [to, connection.baudRate] : [await rateForRom(connection, facts, to), 0];
  await connection.command(COMMAND.changeBaudRate, words(...rates));
  await connection.link.setBaudRate(to);
  connection.baudRate = to;
  await connection.clock.sleep(SETTLE_MS, connection.signal);
  connection.forget();
  for (let check = 0; check < CHECKS; check += 1) {
    if (await synchronise(connection)) return connection.isStub === wasStub;
  }
  return false;
}
