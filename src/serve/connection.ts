import type { Socket } from 'node:net';
import type { Watched } from './watchdog.ts';

/** How long a connection may be open without a request that is being answered. */
export interface ConnectionLimits {
  /** From the first byte of the connection to a complete request head (or HTTP/2 preface). */
  readonly headersMs: number;
  /** Between one answer and the next request. */
  readonly idleMs: number;
}

export const DEFAULT_LIMITS: ConnectionLimits = { headersMs: 15_000, idleMs: 75_000 };

/**
 * One TCP connection, ended when it asks for nothing for too long. Time counts by whole requests,
 * not by bytes, so that a client that sends a header a minute does not hold it open.
 */
export class Connection implements Watched {
  readonly #socket: Socket;
  readonly #limits: ConnectionLimits;
  readonly #onTimeout: () => void;
  #idleSince: number | null;
  #hasAsked = false;
  #active = 0;
  readonly #now: () => number;

  constructor(socket: Socket, limits: ConnectionLimits, now: () => number, onTimeout: () => void) {
    this.#socket = socket;
    this.#limits = limits;
    this.#now = now;
    this.#idleSince = now();
    this.#onTimeout = onTimeout;
  }

  requestStarted(): void {
    this.#active += 1;
    this.#hasAsked = true;
    this.#idleSince = null;
  }

  requestEnded(): void {
    this.#active -= 1;
    if (this.#active === 0) this.#idleSince = this.#now();
  }

  check(nowMs: number): void {
    if (this.#idleSince === null) return;
    const limit = this.#hasAsked ? this.#limits.idleMs : this.#limits.headersMs;
    if (nowMs - this.#idleSince <= limit) return;
    if (!this.#hasAsked) this.#onTimeout();
    this.#socket.destroy();
  }
}
