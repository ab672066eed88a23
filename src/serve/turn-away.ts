import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { CrowdAnswer } from './crowd.ts';
import { onFirstBytes } from './first-bytes.ts';
import { textHeaders } from './plan-response.ts';
import type { Watchdog } from './watchdog.ts';

/** So many at a time are told why; beyond, being told would be what holds the connections. */
const MOST_AT_A_TIME = 64;
/** For the first bytes to come, and for the answer to be taken. */
const PATIENCE_MS = 3000;
const RETRY_SECONDS = '30';
const TEXT = 'too many connections from this address\n';
const IN_WORDS: CrowdAnswer = {
  status: 429,
  headers: [['Retry-After', RETRY_SECONDS], ...textHeaders(TEXT)],
  body: TEXT,
};
/** Empty SETTINGS, and a GOAWAY that says ENHANCE_YOUR_CALM and that no stream was looked at. */
const GOAWAY = Buffer.from(
  ['000000 04 00 00000000', '000008 07 00 00000000', '00000000 0000000b']
    .join('')
    .replaceAll(' ', ''),
  'hex',
);

/** Turns connections away, with an answer in the protocol that they speak. */
export class Door {
  readonly #watchdog: Watchdog;
  readonly #answer: Buffer;
  readonly #leaving = new Set<Socket>();

  constructor(watchdog: Watchdog, answer: CrowdAnswer = IN_WORDS) {
    this.#watchdog = watchdog;
    const lines = answer.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const line = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? 'Refused'}\r\n`;
    this.#answer = Buffer.from(`${line}${lines}Connection: close\r\n\r\n${answer.body}`);
  }

  turnAway(socket: Socket): void {
    socket.on('error', () => {});
    if (this.#leaving.size >= MOST_AT_A_TIME) {
      socket.destroy();
      return;
    }
    this.#leaving.add(socket);
    let sinceMs: number | null = null;
    const unwatch = this.#watchdog.watch({
      check: (nowMs) => {
        sinceMs ??= nowMs;
        if (nowMs - sinceMs > PATIENCE_MS) socket.destroy();
      },
    });
    socket.once('close', () => {
      unwatch();
      this.#leaving.delete(socket);
    });
    onFirstBytes(socket, (protocol) => {
      if (protocol === 'tls') {
        socket.destroy();
        return;
      }
      socket.end(protocol === 'http2' ? GOAWAY : this.#answer);
      // What it still says is read, lest a reset takes the answer from it.
      socket.resume();
    });
  }

  /** Ends those that are still at it. */
  close(): void {
    for (const socket of this.#leaving) socket.destroy();
  }
}
