import type { Clock } from '../shared/index.ts';
import { type Link, type OpenLink, TransportError } from '../transport/index.ts';
import { FlashError } from './codes.ts';

/**
 * How long a port must be gone for the board to count as unplugged: a board whose application brings a
 * USB device of its own leaves for a moment when that starts.
 */
const GONE_MS = 1500;
/** The rate does not matter: what is read is thrown away. */
const ANY_BAUD_RATE = 115_200;

/** A port at which boards are plugged in and out. */
export interface BenchPort {
  readonly open: OpenLink;
  readonly target: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Whether an error of connecting only says that there is no board yet: no such port, nobody behind the
 * address, or, behind an address that stays, nothing that answers.
 */
export function isNoBoardYet(target: string, error: unknown): boolean {
  if (error instanceof FlashError) return isNetwork(target) && error.code === 'flash/no-answer';
  if (!(error instanceof TransportError)) return false;
  return ABSENT.has(error.code) || (isNetwork(target) && error.code === 'transport/port-lost');
}

const ABSENT: ReadonlySet<string> = new Set(['transport/port-missing', 'transport/unreachable']);

function isNetwork(target: string): boolean {
  return target.includes('://');
}

/**
 * Waits until the board at a port is unplugged: until the port has gone away, and stays away for a
 * moment.
 *
 * @param link to the board, where one is open already; it is disposed of
 * @throws the signal's reason when aborted
 */
export async function waitForUnplug(port: BenchPort, link: Link | null): Promise<void> {
  const { target, clock, signal } = port;
  let held = link ?? (await openIfThere(port));
  while (held !== null) {
    if (held !== 'busy') await readUntilLost(held, signal);
    if (held !== 'busy' && isNetwork(target)) return;
    await clock.sleep(GONE_MS, signal);
    held = await openIfThere(port);
  }
}

/** `null` where there is no such port; `busy` where there is, but it cannot be opened. */
async function openIfThere(port: BenchPort): Promise<Link | 'busy' | null> {
  const { open, target, signal } = port;
  try {
    return await open(target, { baudRate: ANY_BAUD_RATE, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TransportError)) throw error;
    return ABSENT.has(error.code) ? null : 'busy';
  }
}

async function readUntilLost(link: Link, signal: AbortSignal): Promise<void> {
  try {
    while ((await link.read(signal)) !== null);
  } catch (error) {
    if (signal.aborted || !(error instanceof TransportError)) throw error;
  } finally {
    await link[Symbol.asyncDispose]();
  }
}
