import { concatBytes } from '../../shared/index.ts';
import type { Link, Signals } from '../link.ts';
import { ANSWER, COMMAND, CONTROL, readU32be, u32be } from './com-port.ts';
import type { SignalIntent } from './signal-intent.ts';
import {
  comPortCommand,
  DO,
  DONT,
  negotiation,
  OPTION,
  TelnetParser,
  WILL,
  WONT,
} from './telnet.ts';

/** The server's side of one Telnet connection. */
export class ComPortSession {
  readonly #parser = new TelnetParser();
  readonly #link: Link;
  readonly #intent: SignalIntent;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #agreed = new Set<number>();
  #baudRate = 115_200;

  constructor(link: Link, intent: SignalIntent, send: (bytes: Uint8Array) => void) {
    this.#link = link;
    this.#intent = intent;
    this.#send = send;
  }

  /** What the client sent: data goes to the port, commands are done and answered, in order. */
  async receive(chunk: Uint8Array): Promise<void> {
    let signals: Partial<Signals> = {};
    const answers: Uint8Array[] = [];
    const settle = async () => {
      if (Object.keys(signals).length > 0) await this.#intent.request(signals);
      signals = {};
    };
    for (const event of this.#parser.feed(chunk)) {
      if (event.kind === 'data') {
        await settle();
        await this.#link.write(event.bytes);
      } else if (event.kind === 'negotiation') {
        answers.push(...this.#negotiate(event.verb, event.option));
      } else if (event.option === OPTION.comPort) {
        const [command = -1, ...value] = event.payload;
        const asked = command === COMMAND.setControl ? signalOf(value[0] ?? -1) : null;
        if (asked === null) {
          await settle();
          answers.push(await this.#command(command, Uint8Array.from(value)));
        } else {
          signals = { ...signals, ...asked };
          answers.push(comPortCommand(command + ANSWER, Uint8Array.from(value)));
        }
      }
    }
    await settle();
    if (answers.length > 0) this.#send(concatBytes(answers));
  }

  #negotiate(verb: number, option: number): readonly Uint8Array[] {
    const known =
      option === OPTION.binary || option === OPTION.suppressGoAhead || option === OPTION.comPort;
    if (verb === WILL || verb === DO) {
      if (!known) return [negotiation(verb === WILL ? DONT : WONT, option)];
      const key = verb * 256 + option;
      // Answer a request once; an acknowledgement of our own answer must not be answered again.
      if (this.#agreed.has(key)) return [];
      this.#agreed.add(key);
      return [negotiation(verb === WILL ? DO : WILL, option)];
    }
    return [];
  }

  async #command(command: number, value: Uint8Array): Promise<Uint8Array> {
    let answer = value;
    if (command === COMMAND.signature) {
      answer = new TextEncoder().encode('otakit');
    } else if (command === COMMAND.setBaudRate) {
      const asked = readU32be(value) ?? 0;
      if (asked > 0) {
        await this.#link.setBaudRate(asked);
        this.#baudRate = asked;
      }
      answer = u32be(this.#baudRate);
    } else if (command === COMMAND.purgeData) {
      this.#link.discardInput();
    } else if (command === COMMAND.setControl) {
      answer = Uint8Array.of(this.#controlAnswer(value[0] ?? 0));
    }
    return comPortCommand(command + ANSWER, answer);
  }

  #controlAnswer(asked: number): number {
    const { dtr, rts } = this.#intent.signals;
    if (asked === CONTROL.askDtr) return dtr ? CONTROL.dtrOn : CONTROL.dtrOff;
    if (asked === CONTROL.askRts) return rts ? CONTROL.rtsOn : CONTROL.rtsOff;
    if (asked === CONTROL.askBreak) return CONTROL.breakOff;
    if (asked === CONTROL.askFlow) return CONTROL.noFlow;
    return asked;
  }
}

function signalOf(control: number): Partial<Signals> | null {
  if (control === CONTROL.dtrOn || control === CONTROL.dtrOff) {
    return { dtr: control === CONTROL.dtrOn };
  }
  if (control === CONTROL.rtsOn || control === CONTROL.rtsOff) {
    return { rts: control === CONTROL.rtsOn };
  }
  return null;
}
