import { type Clock, concatBytes } from '../../shared/index.ts';
import type { Link } from '../../transport/index.ts';
import { FlashError } from '../codes.ts';
import {
  COMMAND,
  type Command,
  commandName,
  describeFault,
  FAULT_INVALID_MESSAGE,
  parseResponse,
  type Response,
  serializeRequest,
} from './packet.ts';
import { encodeFrame, FrameDecoder } from './slip.ts';

const DEFAULT_TIMEOUT_MS = 3000;
/** Start bit, eight data bits, stop bit. */
const BITS_PER_BYTE = 10;
const ROM_STATUS_BYTES = 4;
const STUB_STATUS_BYTES = 2;
/** How much of what is no frame is kept, to say what the board printed instead of answering. */
const NOISE_LIMIT_BYTES = 4096;

/** How one command is sent and waited for. */
export interface CommandOptions {
  readonly timeoutMs?: number;
}

/** The value and the data that a command was answered with. */
export interface Answer {
  readonly value: number;
  readonly data: Uint8Array;
}

/** Commands and answers over a link: frames, timeouts, status bytes. Knows nothing of flash. */
export class Connection {
  readonly link: Link;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Whether the stub answers (2 status bytes) or the ROM (4). */
  isStub = false;
  /** The rate of the line; where it has none, as slow as any is expected to be. */
  baudRate = 115_200;
  /** When what was written is through the line; the operating system takes it much sooner. */
  #sentAtMs = 0;
  #lastWireMs = 0;
  readonly #decoder = new FrameDecoder((bytes) => this.#keepNoise(bytes));
  readonly #frames: Uint8Array[] = [];
  #noise: number[] = [];

  constructor(link: Link, clock: Clock, signal?: AbortSignal) {
    this.link = link;
    this.clock = clock;
    this.signal = signal;
  }

  /** What came outside of frames since {@link Connection.forget}: the boot log, mostly. */
  get noise(): string {
    return new TextDecoder('latin1').decode(Uint8Array.from(this.#noise));
  }

  /** What came after the last frame: of an application that has started, its first words. */
  get rest(): Uint8Array {
    return concatBytes([Uint8Array.from(this.#noise), this.#decoder.unfinished]);
  }

  /** Drops everything received so far. */
  forget(): void {
    this.link.discardInput();
    this.#decoder.reset();
    this.#frames.length = 0;
    this.#noise = [];
  }

  /**
   * Sends a command and waits for its answer.
   *
   * @throws FlashError `flash/command-refused`, `flash/timeout`
   */
  async command(command: Command, data: Uint8Array, options: CommandOptions = {}): Promise<Answer> {
    return this.send(command, encodeFrame(serializeRequest(command, data)), options);
  }

  /** The same for a frame that was prepared before. */
  async send(
    command: Command,
    frame: Uint8Array,
    { timeoutMs = DEFAULT_TIMEOUT_MS }: CommandOptions = {},
  ): Promise<Answer> {
    await this.write(frame);
    return this.answerTo(command, timeoutMs);
  }

  async write(frame: Uint8Array): Promise<void> {
    this.signal?.throwIfAborted();
    const wireMs = (frame.length * BITS_PER_BYTE * 1000) / this.baudRate;
    this.#sentAtMs = Math.max(this.clock.now(), this.#sentAtMs) + wireMs;
    this.#lastWireMs = wireMs;
    await this.link.write(frame);
  }

  /**
   * Waits for the answer to a command, past answers to others that are still under way.
   *
   * @param timeoutMs from when the command is through the line
   */
  async answerTo(command: Command, timeoutMs: number): Promise<Answer> {
    const deadline = Math.max(this.clock.now(), this.#sentAtMs) + timeoutMs;
    for (;;) {
      const frame = await this.frame(Math.max(0, deadline - this.clock.now()), command);
      const response = parseResponse(frame);
      if (response === null) continue;
      const fault = this.#faultOf(response);
      if (response.command !== command) {
        // The ROM answers what it does not know under a number of its own.
        if (fault === FAULT_INVALID_MESSAGE) throw refused(command, fault);
        continue;
      }
      if (fault !== null) throw refused(command, fault);
      // Only what was sent last may be under way yet, also on a line that is faster than its rate says.
      this.#sentAtMs = Math.min(this.#sentAtMs, this.clock.now() + this.#lastWireMs);
      const length = Math.max(0, response.payload.length - this.#statusBytes);
      return { value: response.value, data: response.payload.subarray(0, length) };
    }
  }

  /** The next frame of any kind. */
  async frame(timeoutMs: number, awaiting: Command): Promise<Uint8Array> {
    const isThere = () => this.#frames.length > 0;
    if (!isThere()) await this.#receive(isThere, timeoutMs, awaiting);
    const frame = this.#frames.shift();
    if (frame === undefined) throw timedOut(awaiting, timeoutMs);
    return frame;
  }

  /** Waits until something comes that is no frame, such as the first words of an application. */
  async untilHeard(limitMs: number): Promise<void> {
    try {
      await this.#receive(() => this.rest.length > 0, limitMs, COMMAND.writeRegister);
    } catch (error) {
      if (!(error instanceof FlashError)) throw error;
    }
  }

  /** Receives until there is enough, or the port is closed. @throws FlashError `flash/timeout` */
  async #receive(isEnough: () => boolean, timeoutMs: number, awaiting: Command): Promise<void> {
    const timeout = new AbortController();
    const stop = new AbortController();
    const signals = [timeout.signal, ...(this.signal === undefined ? [] : [this.signal])];
    this.clock.sleep(timeoutMs, stop.signal).then(
      () => timeout.abort(timedOut(awaiting, timeoutMs)),
      () => {},
    );
    try {
      while (!isEnough()) {
        const chunk = await this.link.read(AbortSignal.any(signals));
        if (chunk === null) return;
        this.#frames.push(...this.#decoder.push(chunk));
      }
    } finally {
      stop.abort();
    }
  }

  get #statusBytes(): number {
    return this.isStub ? STUB_STATUS_BYTES : ROM_STATUS_BYTES;
  }

  #faultOf({ payload }: Response): number | null {
    // An error is sometimes answered with fewer status bytes than a success.
    const at = Math.max(0, payload.length - this.#statusBytes);
    const first = payload[at] ?? 0;
    if (first === 0) return null;
    // The ROM says that it failed and then why; the stub says why at once.
    return this.isStub ? first : (payload[at + 1] ?? 0);
  }

  #keepNoise(bytes: Uint8Array): void {
    const room = NOISE_LIMIT_BYTES - this.#noise.length;
    if (room > 0) this.#noise.push(...bytes.subarray(0, room));
  }
}

function refused(command: Command, fault: number): FlashError {
  return new FlashError(
    'flash/command-refused',
    `the chip refused "${commandName(command)}": ${describeFault(fault)}`,
    {
      hint: 'Try again; if it persists, with a lower --baud or --no-stub.',
      details: { command, fault },
    },
  );
}

function timedOut(command: Command, timeoutMs: number): FlashError {
  return new FlashError(
    'flash/timeout',
    `the chip did not answer "${commandName(command)}" within ${Math.round(timeoutMs)} ms`,
    {
      hint: 'Check cable and power; try a lower --baud.',
      details: { command, timeoutMs },
    },
  );
}
