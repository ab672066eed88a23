import type { Http2Session } from 'node:http2';

const PREFACE_BYTES = 24;
const FRAME_HEAD_BYTES = 9;
const SETTINGS = 4;
const WINDOW_UPDATE = 8;
const ACK = 1;
const INITIAL_WINDOW_SIZE = 4;
const DEFAULT_WINDOW = 65_535;
/** No peer may send a larger frame: nothing in ours says that it may. */
const LARGEST_FRAME = 16_384;

/**
 * How much a peer lets us send on each stream before the first byte has been sent, read off the frames
 * that it sends: Node tells the window of a connection, but not of a stream.
 */
export class StreamWindows {
  #held: Uint8Array = new Uint8Array(0);
  #skip = PREFACE_BYTES;
  #initial = DEFAULT_WINDOW;
  readonly #updates = new Map<number, number>();

  /** The window that streams begin with. */
  get initialBytes(): number {
    return this.#initial;
  }

  /** The window of a stream on which nothing was sent yet. */
  of(streamId: number): number {
    return this.#initial + (this.#updates.get(streamId) ?? 0);
  }

  /** Takes the next bytes of the connection, cut anywhere, from the preface on. */
  feed(chunk: Uint8Array): void {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    for (;;) {
      const skipped = Math.min(this.#skip, bytes.length);
      this.#skip -= skipped;
      bytes = bytes.subarray(skipped);
      if (bytes.length < FRAME_HEAD_BYTES) break;
      const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      const end = FRAME_HEAD_BYTES + head.readUIntBE(0, 3);
      const type = head.readUInt8(3);
      const isOurs = type === SETTINGS || type === WINDOW_UPDATE;
      if (isOurs && end <= LARGEST_FRAME) {
        if (bytes.length < end) break;
        const payload = head.subarray(FRAME_HEAD_BYTES, end);
        if (type === WINDOW_UPDATE) this.#update(head.readUInt32BE(5) & 0x7fffffff, payload);
        else if ((head.readUInt8(4) & ACK) === 0) this.#settings(payload);
      }
      this.#skip = end;
    }
    this.#held = bytes;
  }

  #update(streamId: number, payload: Buffer): void {
    if (payload.length !== 4) return;
    const increment = payload.readUInt32BE(0) & 0x7fffffff;
    this.#updates.set(streamId, (this.#updates.get(streamId) ?? 0) + increment);
  }

  #settings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== INITIAL_WINDOW_SIZE) continue;
      this.#initial = payload.readUInt32BE(at + 2);
    }
  }

  /** A stream that is over needs no window. */
  forget(streamId: number): void {
    this.#updates.delete(streamId);
  }
}

/** The windows of the sessions that are observed, which are those that begin with tiny ones. */
export const streamWindows = new WeakMap<Http2Session, StreamWindows>();
