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

/** Takes a Telnet stream apart, however it is cut into chunks. */
export class TelnetParser {
  #state: 'data' | 'iac' | 'verb' | 'sub' | 'sub-iac' = 'data';
  #verb = 0;
  #sub: number[] = [];

  feed(chunk: Uint8Array): readonly TelnetEvent[] {
    const events: TelnetEvent[] = [];
    let data: number[] = [];
    const flush = () => {
      if (data.length > 0) events.push({ kind: 'data', bytes: Uint8Array.from(data) });
      data = [];
    };
    for (const byte of chunk) {
      switch (this.#state) {
        case 'data':
          if (byte === IAC) this.#state = 'iac';
          else data.push(byte);
          break;
        case 'iac':
          this.#state = this.#afterIac(byte, data);
          break;
        case 'verb':
          flush();
          events.push({ kind: 'negotiation', verb: this.#verb, option: byte });
          this.#state = 'data';
          break;
        case 'sub':
          if (byte === IAC) this.#state = 'sub-iac';
          else this.#collect(byte);
          break;
        case 'sub-iac':
          if (byte === SE) {
            flush();
            const [option = 0, ...payload] = this.#sub;
            events.push({ kind: 'subnegotiation', option, payload: Uint8Array.from(payload) });
            this.#state = 'data';
          } else {
            this.#collect(byte);
            this.#state = 'sub';
          }
          break;
      }
    }
    flush();
    return events;
  }

  #afterIac(byte: number, data: number[]): 'data' | 'verb' | 'sub' {
    if (byte === IAC) {
      data.push(IAC);
      return 'data';
    }
    if (byte === SB) {
      this.#sub = [];
      return 'sub';
    }
    if (byte < WILL) return 'data';
    this.#verb = byte;
    return 'verb';
  }

  #collect(byte: number): void {
    if (this.#sub.length < LONGEST_SUBNEGOTIATION) this.#sub.push(byte);
  }
}

/** Data with every 0xFF doubled, as Telnet wants it. */
export function escapeData(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(IAC)) return bytes;
  return Uint8Array.from(
    (function* () {
      for (const byte of bytes) {
        yield byte;
        if (byte === IAC) yield IAC;
      }
    })(),
  );
}

export function negotiation(verb: number, option: number): Uint8Array {
  return Uint8Array.of(IAC, verb, option);
}

/** A COM-PORT-OPTION subnegotiation with one command and its value. */
export function comPortCommand(command: number, value: Uint8Array): Uint8Array {
  return Uint8Array.of(IAC, SB, OPTION.comPort, command, ...escapeData(value), IAC, SE);
}
