/** Telnet as RFC 2217 uses it (RFC 854, 855, 856, 858). */
export const IAC = 255;
export const DONT = 254;
export const DO = 253;
export const WONT = 252;
export const WILL = 251;
const SB = 250;
const SE = 240;

export const OPTION = { binary: 0, echo: 1, suppressGoAhead: 3, comPort: 44 } as const;

/** What a Telnet stream is made of. */
export type TelnetEvent =
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'negotiation'; readonly verb: number; readonly option: number }
  | { readonly kind: 'subnegotiation'; readonly option: number; readonly payload: Uint8Array };

/** More than any RFC 2217 command has; a longer one is noise and is dropped. */
const LONGEST_SUBNEGOTIATION = 1024;

const LITERAL_IAC = Uint8Array.of(IAC);

/** Gathers the data out of one chunk, which is never more than the chunk. */
class DataCollector {
  readonly #room: Uint8Array;
  #length = 0;

  constructor(longest: number) {
    this.#room = new Uint8Array(longest);
  }

  add(run: Uint8Array): void {
    this.#room.set(run, this.#length);
    this.#length += run.length;
  }

  /** What was gathered since the last time. */
  take(): readonly TelnetEvent[] {
    if (this.#length === 0) return [];
    const bytes = this.#room.slice(0, this.#length);
    this.#length = 0;
    return [{ kind: 'data', bytes }];
  }
}

/** Takes a Telnet stream apart, however it is cut into chunks. */
export class TelnetParser {
  #state: 'data' | 'iac' | 'verb' | 'sub' | 'sub-iac' = 'data';
  #verb = 0;
  #sub: number[] = [];

  /** Data comes in one event up to the next command, so that the port behind gets it in one write. */
  feed(chunk: Uint8Array): readonly TelnetEvent[] {
    const events: TelnetEvent[] = [];
    const data = new DataCollector(chunk.length);
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'data') {
        // Nearly everything is data: whole runs of it are copied, not bytes.
        const iac = chunk.indexOf(IAC, at);
        const end = iac < 0 ? chunk.length : iac;
        data.add(chunk.subarray(at, end));
        if (iac >= 0) this.#state = 'iac';
        at = end + 1;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      switch (this.#state) {
        case 'iac':
          if (byte === IAC) data.add(LITERAL_IAC);
          this.#state = this.#afterIac(byte);
          break;
        case 'verb':
          events.push(...data.take(), { kind: 'negotiation', verb: this.#verb, option: byte });
          this.#state = 'data';
          break;
        case 'sub':
          if (byte === IAC) this.#state = 'sub-iac';
          else this.#collect(byte);
          break;
        case 'sub-iac':
          if (byte === SE) {
            const [option = 0, ...payload] = this.#sub;
            events.push(...data.take(), {
              kind: 'subnegotiation',
              option,
              payload: Uint8Array.from(payload),
            });
            this.#state = 'data';
          } else {
            this.#collect(byte);
            this.#state = 'sub';
          }
          break;
      }
    }
    return [...events, ...data.take()];
  }

  #afterIac(byte: number): 'data' | 'verb' | 'sub' {
    if (byte === SB) {
      this.#sub = [];
      return 'sub';
    }
    if (byte < WILL || byte === IAC) return 'data';
    this.#verb = byte;
    return 'verb';
  }

  #collect(byte: number): void {
    if (this.#sub.length < LONGEST_SUBNEGOTIATION) this.#sub.push(byte);
  }
}

/** Data with every 0xFF doubled, as Telnet wants it. */
export function escapeData(bytes: Uint8Array): Uint8Array {
  let special = 0;
  for (const byte of bytes) if (byte === IAC) special += 1;
  if (special === 0) return bytes;
  const escaped = new Uint8Array(bytes.length + special);
  let at = 0;
  for (const byte of bytes) {
    escaped[at] = byte;
    at += 1;
    if (byte !== IAC) continue;
    escaped[at] = IAC;
    at += 1;
  }
  return escaped;
}

export function negotiation(verb: number, option: number): Uint8Array {
  return Uint8Array.of(IAC, verb, option);
}

/** A COM-PORT-OPTION subnegotiation with one command and its value. */
export function comPortCommand(command: number, value: Uint8Array): Uint8Array {
  return Uint8Array.of(IAC, SB, OPTION.comPort, command, ...escapeData(value), IAC, SE);
}
