import { concatBytes } from '../../shared/index.ts';

const END = 0xc0;
const ESC = 0xdb;
const ESC_END = 0xdc;
const ESC_ESC = 0xdd;

/** One packet as a SLIP frame (RFC 1055), with `END` on both sides as the loader wants it. */
export function encodeFrame(packet: Uint8Array): Uint8Array<ArrayBuffer> {
  let special = 0;
  for (const byte of packet) if (byte === END || byte === ESC) special += 1;
  const frame = new Uint8Array(packet.length + special + 2);
  frame[0] = END;
  let at = 1;
  for (const byte of packet) {
    if (byte === END || byte === ESC) {
      frame[at] = ESC;
      frame[at + 1] = byte === END ? ESC_END : ESC_ESC;
      at += 2;
    } else {
      frame[at] = byte;
      at += 1;
    }
  }
  frame[at] = END;
  return frame;
}

/**
 * Takes frames out of a stream of bytes. What lies between frames (the boot log before the loader
 * answers) is handed to `onNoise`; a frame with a broken escape is dropped.
 */
export class FrameDecoder {
  readonly #onNoise: (bytes: Uint8Array) => void;
  #parts: Uint8Array[] | null = null;

  constructor(onNoise: (bytes: Uint8Array) => void) {
    this.#onNoise = onNoise;
  }

  /** Forgets a frame that has begun. */
  reset(): void {
    this.#parts = null;
  }

  /** What has come of a frame that has not ended. */
  get unfinished(): Uint8Array {
    return concatBytes(this.#parts ?? []);
  }

  push(chunk: Uint8Array): readonly Uint8Array[] {
    const frames: Uint8Array[] = [];
    let start = 0;
    while (start < chunk.length) {
      const end = chunk.indexOf(END, start);
      const piece = chunk.subarray(start, end < 0 ? chunk.length : end);
      if (this.#parts === null) {
        if (piece.length > 0) this.#onNoise(piece);
      } else if (piece.length > 0) {
        this.#parts.push(piece);
      }
      if (end < 0) break;
      const packet = this.#parts === null ? null : decode(this.#parts);
      // Two ENDs in a row are the end of one frame and the start of the next.
      if (this.#parts === null || this.#parts.length === 0) this.#parts = [];
      else this.#parts = null;
      if (packet !== null && packet.length > 0) frames.push(packet);
      start = end + 1;
    }
    return frames;
  }
}

function decode(parts: readonly Uint8Array[]): Uint8Array | null {
  const packet = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  let escaped = false;
  for (const part of parts) {
    for (const byte of part) {
      if (escaped) {
        if (byte !== ESC_END && byte !== ESC_ESC) return null;
        packet[at] = byte === ESC_END ? END : ESC;
        at += 1;
        escaped = false;
      } else if (byte === ESC) {
        escaped = true;
      } else {
        packet[at] = byte;
        at += 1;
      }
    }
  }
  return packet.subarray(0, at);
}
