/** SLIP framing, RFC 1055, as the ROM loader uses it: every packet starts and ends with `END`. */
const END = 0xc0;
const ESC = 0xdb;
const ESC_END = 0xdc;
const ESC_ESC = 0xdd;

/** A packet longer than this is noise: the stub has room for a block of 16 KB and its headers. */
const LONGEST_PACKET = 8 + 0x4000 + 0xff;

export function slipEncode(payload: Uint8Array): Uint8Array {
  const framed: number[] = [END];
  for (const byte of payload) {
    if (byte === END) framed.push(ESC, ESC_END);
    else if (byte === ESC) framed.push(ESC, ESC_ESC);
    else framed.push(byte);
  }
  framed.push(END);
  return Uint8Array.from(framed);
}

/**
 * Finds packets in a stream of bytes; what is outside of packets is dropped. The stub takes every END
 * for the other one of its pair: where one was lost, what comes after is all gaps between packets to it,
 * until one more comes.
 */
export class SlipDecoder {
  readonly #buffer = new Uint8Array(LONGEST_PACKET);
  #length = 0;
  #inside = false;
  #escaped = false;

  /** @param pairsEnds whether it is the stub that listens */
  feed(chunk: Uint8Array, pairsEnds: boolean): readonly Uint8Array[] {
    const packets: Uint8Array[] = [];
    for (const byte of chunk) {
      if (byte === END) {
        if (this.#inside && this.#length > 0) packets.push(this.#buffer.slice(0, this.#length));
        // Of the ROM nothing like it is known: to it an END that closes nothing opens the next packet.
        this.#inside = !this.#inside || (this.#length === 0 && !pairsEnds);
        this.#length = 0;
        this.#escaped = false;
      } else if (this.#inside) {
        this.#take(byte);
      }
    }
    return packets;
  }

  #take(byte: number): void {
    if (byte === ESC && !this.#escaped) {
      this.#escaped = true;
      return;
    }
    const plain = this.#escaped ? unescape(byte) : byte;
    this.#escaped = false;
    if (plain === null || this.#length === LONGEST_PACKET) {
      this.#inside = false;
      this.#length = 0;
      return;
    }
    this.#buffer[this.#length] = plain;
    this.#length += 1;
  }
}

function unescape(byte: number): number | null {
  if (byte === ESC_END) return END;
  return byte === ESC_ESC ? ESC : null;
}
