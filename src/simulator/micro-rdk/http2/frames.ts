/** Frame types of RFC 9113 §6 that a client meets. */
export const FRAME = {
  data: 0x0,
  headers: 0x1,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goaway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

export const FLAG = {
  /** On SETTINGS and PING. */
  ack: 0x1,
  endStream: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

/** Error codes of RFC 9113 §7, by number. */
export const ERROR_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;
export type ErrorName = (typeof ERROR_NAMES)[number];

export const FRAME_HEADER_BYTES = 9;
/** The smallest limit that the protocol allows, and the one that the device announces. */
export const MAX_FRAME_BYTES = 16_384;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export function encodeFrame(
  type: number,
  flags: number,
  streamId: number,
  payload: Buffer,
): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  push(chunk: Buffer): void {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
  }

  /** The next whole frame; `null` until one is there; `too-large` where it goes past the limit. */
  next(): Frame | 'too-large' | null {
    if (this.#pendingBytes < FRAME_HEADER_BYTES) return null;
    const header = this.#contiguous(FRAME_HEADER_BYTES);
    const length = header.readUIntBE(0, 3);
    if (length > MAX_FRAME_BYTES) return 'too-large';
    const wholeBytes = FRAME_HEADER_BYTES + length;
    if (this.#pendingBytes < wholeBytes) return null;
    const whole = this.#contiguous(wholeBytes);
    this.#pending[0] = whole.subarray(wholeBytes);
    this.#pendingBytes -= wholeBytes;
    return {
      type: whole.readUInt8(3),
      flags: whole.readUInt8(4),
      streamId: whole.readUInt32BE(5) & 0x7fffffff,
      payload: whole.subarray(FRAME_HEADER_BYTES, wholeBytes),
    };
  }

  /** The first pending buffer, joined with later ones until it holds `length` bytes. */
  #contiguous(length: number): Buffer {
    const [first] = this.#pending;
    if (first !== undefined && first.length >= length) return first;
    const joined = Buffer.concat(this.#pending);
    this.#pending = [joined];
    return joined;
  }
}

/** Lets the server send `increment` bytes more. */
export function windowUpdate(streamId: number, increment: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(increment);
  return encodeFrame(FRAME.windowUpdate, 0, streamId, payload);
}

/** The error code at an offset of a payload; a missing one counts as a protocol error. */
export function errorName(payload: Buffer, offset: number): ErrorName {
  const code = payload.length >= offset + 4 ? payload.readUInt32BE(offset) : 1;
  return ERROR_NAMES[code] ?? 'INTERNAL_ERROR';
}

/** A frame's payload without padding and priority fields; `null` where its padding does not fit. */
export function withoutPadding(frame: Frame): Buffer | null {
  const isPadded = (frame.flags & FLAG.padded) !== 0;
  const hasPriority = frame.type === FRAME.headers && (frame.flags & FLAG.priority) !== 0;
  const padding = isPadded ? (frame.payload[0] ?? 0) : 0;
  const start = (isPadded ? 1 : 0) + (hasPriority ? 5 : 0);
  const end = frame.payload.length - padding;
  return end < start ? null : frame.payload.subarray(start, end);
}
