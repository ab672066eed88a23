import { ServerError } from '../../codes.ts';

/** How many devices may wait at a time, and how often one of them. */
export interface WaitingRoomLimits {
  readonly places: number;
  readonly perDevice: number;
}

/** A connection each, and the front takes 4,000 in all: the rest are left for those who poll. */
const LIMITS: WaitingRoomLimits = { places: 3000, perDevice: 2 };
const RETRY_FROM_MS = 30_000;
const RETRY_WITHIN_MS = 60_000;

/** Devices that keep a request open until there is something for them. */
export class WaitingRoom {
  readonly #limits: WaitingRoomLimits;
  /** What makes the waiting requests of a device end, oldest first. */
  readonly #seats = new Map<string, (() => void)[]>();
  #taken = 0;

  constructor(limits: WaitingRoomLimits = LIMITS) {
    this.#limits = limits;
  }

  /**
   * Takes a place. A device that has its share already loses the oldest of them: after a network that
   * went away without a word, that one leads nowhere.
   *
   * @param leave ends the waiting; called when the place is needed
   * @throws ServerError `server/busy`
   */
  enter(deviceId: string, leave: () => void): Disposable {
    const { places, perDevice } = this.#limits;
    const own = this.#seats.get(deviceId) ?? [];
    if (own.length >= perDevice) own[0]?.();
    else if (this.#taken >= places) throw fullHouse(places, deviceId);
    this.#taken += 1;
    this.#seats.set(deviceId, [...own, leave]);
    return { [Symbol.dispose]: () => this.#leave(deviceId, leave) };
  }

  #leave(deviceId: string, leave: () => void): void {
    const rest = (this.#seats.get(deviceId) ?? []).filter((other) => other !== leave);
    this.#taken -= 1;
    if (rest.length === 0) this.#seats.delete(deviceId);
    else this.#seats.set(deviceId, rest);
  }
}

function fullHouse(places: number, deviceId: string): ServerError {
  // Spread by the id, so that those who were turned away together do not come back together.
  let spread = 0;
  for (const character of deviceId) spread = (spread * 31 + character.charCodeAt(0)) % 1000;
  return new ServerError('server/busy', `${places} devices wait for commands already`, {
    hint: 'Poll without `wait` meanwhile: commands keep until they are fetched.',
    details: { places, retryAfterMs: RETRY_FROM_MS + (spread * RETRY_WITHIN_MS) / 1000 },
  });
}
