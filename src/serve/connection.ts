import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { Watched } from './watchdog.ts';

/** How long a connection may be open without a request that is being answered, and with one. */
export interface ConnectionLimits {
  /** From the first byte of the connection to a complete request head (or HTTP/2 preface). */
  readonly headersMs: number;
  /** Between one answer and the next request. */
  readonly idleMs: number;
  /** From the end of an answer, all of it written, until the peer has taken it. */
  readonly answerMs: number;
}

export const DEFAULT_LIMITS: ConnectionLimits = {
  headersMs: 15_000,
  idleMs: 75_000,
  // As patient as a download is with a device that erases its flash.
  answerMs: 180_000,
};

/** The response or the stream by which a request is answered. */
export type AnswerStream = Pick<Writable, 'writableEnded' | 'destroy'>;

/**
 * One TCP connection, ended when it asks for nothing for too long. Time counts by whole requests,
 * not by bytes, so that a client that sends a header a minute does not hold it open; nor does one
 * that never reads its answers, which would be kept for it.
 */
export class Connection implements Watched {
  readonly #socket: Socket;
  readonly #limits: ConnectionLimits;
  readonly #onTimeout: () => void;
  #idleSince: number | null;
  #hasAsked = false;
  /** What is being answered, with the time at which the end of the answer was seen to be written. */
  readonly #answers = new Map<AnswerStream, number | null>();
  readonly #now: () => number;

  constructor(socket: Socket, limits: ConnectionLimits, now: () => number, onTimeout: () => void) {
    this.#socket = socket;
    this.#limits = limits;
    this.#now = now;
    this.#idleSince = now();
    this.#onTimeout = onTimeout;
  }

  requestStarted(answer: AnswerStream): void {
    this.#answers.set(answer, null);
    this.#hasAsked = true;
    this.#idleSince = null;
  }

  requestEnded(answer: AnswerStream): void {
    this.#answers.delete(answer);
    if (this.#answers.size === 0) this.#idleSince = this.#now();
  }

  check(nowMs: number): void {
    if (this.#idleSince === null) return this.#checkAnswers(nowMs);
    const limit = this.#hasAsked ? this.#limits.idleMs : this.#limits.headersMs;
    if (nowMs - this.#idleSince <= limit) return;
    if (!this.#hasAsked) this.#onTimeout();
    this.#socket.destroy();
  }

  #checkAnswers(nowMs: number): void {
    for (const [answer, endedMs] of this.#answers) {
      if (!answer.writableEnded) continue;
      if (endedMs === null) this.#answers.set(answer, nowMs);
      else if (nowMs - endedMs > this.#limits.answerMs) answer.destroy();
    }
  }
}
