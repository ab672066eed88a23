import type { Socket } from 'node:net';

/** One HTTP/2 frame as it stands on the wire (RFC 9113 §4.1). */
export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export const FRAME = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
} as const;

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const;

/** Serializes one frame. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** A `SETTINGS` frame. */
export function settings(values: Readonly<Record<number, number>>): Buffer {
  const entries = Object.entries(values).map(([id, value]) => {
    const entry = Buffer.alloc(6);
    entry.writeUInt16BE(Number(id), 0);
    entry.writeUInt32BE(value, 2);
    return entry;
  });
  return frame(FRAME.settings, 0, 0, Buffer.concat(entries));
}

/** A `WINDOW_UPDATE` frame; stream 0 is the connection. */
export function windowUpdate(streamId: number, increment: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(increment, 0);
  return frame(FRAME.windowUpdate, 0, streamId, payload);
}

/** The request of a client as plain as micro-RDK's: pseudo-headers only, no HPACK compression. */
export function get(streamId: number, path: string, method = 'GET'): Buffer {
  const literal = (name: string, value: string) =>
    Buffer.concat([
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]);
  const block = Buffer.concat([
    literal(':method', method),
    literal(':scheme', 'http'),
    literal(':authority', '127.0.0.1'),
    literal(':path', path),
  ]);
  return frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, streamId, block);
}

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Reads frames off a socket, one by one; `null` when the peer has closed. */
export function frameReader(socket: Socket): () => Promise<RawFrame | null> {
  let held = Buffer.alloc(0);
  let ended = false;
  let wake: (() => void) | null = null;
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    wake?.();
  });
  socket.once('close', () => {
    ended = true;
    wake?.();
  });
  return async () => {
    for (;;) {
      const length = held.length < 9 ? Number.POSITIVE_INFINITY : 9 + held.readUIntBE(0, 3);
      if (held.length >= length) {
        const bytes = held.subarray(0, length);
        held = held.subarray(length);
        return {
          type: bytes.readUInt8(3),
          flags: bytes.readUInt8(4),
          streamId: bytes.readUInt32BE(5) & 0x7fffffff,
          payload: bytes.subarray(9),
        };
      }
      if (ended) return null;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
}
