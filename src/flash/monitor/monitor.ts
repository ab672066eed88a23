import type { Clock } from '../../shared/index.ts';
import {
  type Link,
  listPorts,
  type OpenLink,
  type PortInfo,
  TransportError,
} from '../../transport/index.ts';
import {
  applicationSequence,
  loaderSequences,
  playSequence,
  type ResetStep,
} from '../loader/reset-sequence.ts';
import type { MonitorEvent, Note } from './events.ts';
import { findAgain } from './find-again.ts';
import { type ElfUnderTest, Interpreter } from './interpreter.ts';
import { LineAssembler } from './line-assembler.ts';
import { plainText } from './safe-text.ts';

/** How long a line may pause before what has come of it is shown. */
const PARTIAL_AFTER_MS = 100;
/** How often a port that went away is looked for. Short: a booting board talks at once. */
const RETRY_MS = 100;

/** What a monitor watches, and how it reads it. */
export interface MonitorOptions {
  /** How to open `target`, at first and whenever it comes back. */
  readonly open: OpenLink;
  readonly target: string;
  readonly baudRate: number;
  readonly clock: Clock;
  /** Ends the monitor. */
  readonly signal: AbortSignal;
  /** Everything that there is to show or note, in order. */
  readonly onEvent: (event: MonitorEvent) => void;
  /** To decode addresses with. */
  readonly elf?: ElfUnderTest | null;
  /**
   * Resets the board at first, so that its log is seen from the first line: through its modem lines
   * (`true`), or by a function that is called when nothing is lost any more, and that answers with
   * what the board has sent meanwhile.
   */
  readonly reset?: boolean | (() => Promise<Uint8Array>);
  /** A link that is open already, as after flashing. The monitor takes it over and disposes of it. */
  readonly link?: Link;
  readonly listPorts?: () => Promise<readonly Pick<PortInfo, 'path' | 'usb'>[]>;
}

/**
 * Watches a board: reads what it prints, makes sense of it, and stays when the port goes away and
 * comes back. What is printed from the moment that the link is open is kept by the link, so nothing
 * is lost between opening (or flashing) and reading.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #lines = new LineAssembler();
  readonly #interpreter: Interpreter;
  #link: Link | null;
  #quiet = new AbortController();
  readonly #ready = Promise.withResolvers<void>();

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#interpreter = new Interpreter(options.elf ?? null);
    this.#link = options.link ?? null;
  }

  /**
   * Runs until the signal is aborted (and then rejects with its reason) or the link is closed in an
   * orderly way. The port is free afterwards.
   *
   * @throws TransportError where the port cannot be opened at first
   */
  async run(): Promise<void> {
    const { open, target, baudRate, signal, reset = false } = this.#options;
    try {
      if (this.#link === null) this.#link = await open(target, { baudRate, signal });
      else await this.#link.setBaudRate(baudRate);
      // What came before belongs to another conversation, and would be glued to the first boot line.
      if (reset !== false) this.#link.discardInput();
      if (reset === true) await this.reset();
      if (typeof reset === 'function') {
        this.#interpreter.expectReset();
        this.#take(await reset());
      }
      this.#ready.resolve();
      while (await this.#readUntilLost(this.#link)) {
        this.#link = await this.#reopen(this.#link);
        this.#note({ kind: 'reconnected', target: this.#link.target });
      }
    } finally {
      this.#quiet.abort();
      this.#takeRest();
      await this.#link?.[Symbol.asyncDispose]();
    }
  }

  /** Sends what was typed, once the port is open. While it is away it goes nowhere. */
  async send(bytes: Uint8Array): Promise<void> {
    await this.#ready.promise;
    await this.#link?.write(bytes).catch(ignoreLoss);
  }

  /** Starts the application anew, by the modem lines. */
  async reset(): Promise<void> {
    await this.#play((link) => applicationSequence(link));
  }

  /** Resets the board into its serial loader. */
  async enterLoader(): Promise<void> {
    await this.#play((link) => loaderSequences(link)[0] ?? []);
  }

  async #play(sequenceFor: (link: Link) => readonly ResetStep[]): Promise<void> {
    const link = this.#link;
    if (link === null) return;
    if (!link.hasSignals) {
      this.#note({ kind: 'no-signals', target: link.target });
      return;
    }
    this.#interpreter.expectReset();
    const { clock, signal } = this.#options;
    await playSequence(link, sequenceFor(link), clock, signal).catch(ignoreLoss);
  }

  /** Whether the port went away; `false` when it was closed in an orderly way. */
  async #readUntilLost(link: Link): Promise<boolean> {
    const { signal } = this.#options;
    try {
      for (;;) {
        const chunk = await link.read(signal);
        if (chunk === null) return false;
        this.#take(chunk);
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof TransportError)) throw error;
      this.#takeRest();
      this.#note({ kind: 'lost', target: link.target });
      return true;
    }
  }

  async #reopen(old: Link): Promise<Link> {
    const { open, baudRate, clock, signal, target } = this.#options;
    const list = this.#options.listPorts ?? listPorts;
    this.#link = null;
    // What is held open keeps its number, and the board comes back under another.
    await old[Symbol.asyncDispose]();
    for (;;) {
      await clock.sleep(RETRY_MS, signal);
      const found = findAgain(target, old.usb, old.usb === null ? [] : await list());
      try {
        return await open(found, { baudRate, signal });
      } catch (error) {
        // Also while another program (a flasher) has it: it is ours again afterwards.
        if (signal.aborted || !(error instanceof TransportError)) throw error;
      }
    }
  }

  #take(chunk: Uint8Array): void {
    this.#quiet.abort();
    for (const line of this.#lines.feed(chunk)) this.#emitLine(line);
    if (this.#lines.partial === '') return;
    this.#quiet = new AbortController();
    void this.#showPartialLater(this.#quiet.signal);
  }

  async #showPartialLater(cancelled: AbortSignal): Promise<void> {
    const { clock, onEvent } = this.#options;
    // Rejects as soon as more comes.
    await clock.sleep(PARTIAL_AFTER_MS, cancelled).catch(() => {});
    if (cancelled.aborted) return;
    const text = plainText(this.#lines.partial);
    onEvent({ kind: 'partial', timeMs: clock.now(), text });
    for (const note of this.#interpreter.readUnfinished(text)) this.#note(note);
  }

  #takeRest(): void {
    this.#quiet.abort();
    const rest = this.#lines.flush();
    if (rest !== null) this.#emitLine(rest);
  }

  #emitLine(raw: string): void {
    const { line, notes } = this.#interpreter.read(raw, this.#options.clock.now());
    this.#options.onEvent(line);
    for (const note of notes) this.#note(note);
  }

  #note(note: Note): void {
    this.#options.onEvent({ kind: 'note', timeMs: this.#options.clock.now(), note });
  }
}

/** The reader notices by itself that the port is gone, and waits for it. */
function ignoreLoss(error: unknown): void {
  if (!(error instanceof TransportError)) throw error;
}
