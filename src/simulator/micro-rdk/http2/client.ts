import type { Duplex } from 'node:stream';
import {
  type BrokenConnection,
  bodyFailure,
  closed,
  goAwayBy,
  type Initiator,
  requestFailure,
  resetBy,
} from './errors.ts';
import {
  encodeFrame,
  ERROR_NAMES,
  errorName,
  type ErrorName,
  FLAG,
  FRAME,
  type Frame,
  FrameReader,
  MAX_FRAME_BYTES,
  windowUpdate,
  withoutPadding,
} from './frames.ts';
import { encodeGetRequest, HpackDecoder, type HeaderField } from './hpack.ts';
import {
  CONNECTION_WINDOW_BYTES,
  INITIAL_CONNECTION_WINDOW_BYTES,
  MAX_HEADER_LIST_BYTES,
  settingsPayload,
  STREAM_WINDOW_BYTES,
} from './settings.ts';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const STREAM_ID = 1;

/** The head of a response. */
export interface Http2Response {
  readonly status: number;
  /** In the order of arrival, without pseudo-headers. */
  readonly headers: readonly HeaderField[];
}

/**
 * An HTTP/2 client for one GET on one connection, which behaves on the wire as the device's does:
 * prior knowledge, four pseudo-headers and nothing else, whole DATA frames, its settings and windows.
 *
 * It is written out here because the exact frame boundaries decide what the device does, which no
 * ready-made client shows; and because it must be able to disagree with the server's library.
 */
export class Http2Client {
  readonly #socket: Duplex;
  readonly #frames = new FrameReader();
  readonly #hpack = new HpackDecoder();
  readonly #bodyFrames: Buffer[] = [];
  #headerBlock: { readonly parts: Buffer[]; readonly endStream: boolean } | null = null;
  #response: Http2Response | null = null;
  #remainingBytes: number | null = null;
  #ended = false;
  #broken: BrokenConnection | null = null;
  #uncredited = { stream: 0, connection: 0 };
  #wake: (() => void) | null = null;

  /** Takes over a connected socket and sends the preface; it does not wait for the server's. */
  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#break(closed(error.message)));
    socket.on('end', () => this.#break(closed('unexpected end of file')));
    socket.on('close', () => this.#break(closed('connection closed')));
    socket.write(
      Buffer.concat([
        PREFACE,
        encodeFrame(FRAME.settings, 0, 0, settingsPayload()),
        windowUpdate(0, CONNECTION_WINDOW_BYTES - INITIAL_CONNECTION_WINDOW_BYTES),
      ]),
    );
  }

  /**
   * Sends the GET and waits for the response, for ever if need be, as the device does.
   *
   * @throws Http2Failure
   */
  async get(target: {
    readonly scheme: string;
    readonly authority: string;
    readonly path: string;
  }): Promise<Http2Response> {
    this.#sendRequest(encodeGetRequest(target));
    for (;;) {
      if (this.#response !== null) return this.#response;
      if (this.#broken !== null) throw requestFailure(this.#broken);
      await this.#change();
    }
  }

  /**
   * The payload of the next whole DATA frame, or `null` at the end of the body.
   *
   * @throws Http2Failure
   */
  async nextFrame(): Promise<Uint8Array | null> {
    for (;;) {
      const frame = this.#bodyFrames.shift();
      if (frame !== undefined) {
        this.#credit(frame.length);
        return frame;
      }
      if (this.#ended) return null;
      if (this.#broken !== null) throw bodyFailure(this.#broken);
      await this.#change();
    }
  }

  /** Stops reading, as a chip does whose only thread is busy with its flash. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Drops the connection without a word, as the device does. */
  close(): void {
    this.#break(closed('closed by the device'));
    this.#socket.destroy();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  #break(reason: BrokenConnection): void {
    this.#broken ??= reason;
    this.#notify();
  }

  /** A frame of the server's that cannot be: the client says so and gives the connection up. */
  #violation(reason: ErrorName): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(ERROR_NAMES.indexOf(reason), 4);
    this.#send(encodeFrame(FRAME.goaway, 0, 0, payload));
    this.#break(goAwayBy('Library', reason));
    this.#socket.end();
  }

  #reset(initiator: Initiator, reason: ErrorName): void {
    if (initiator === 'Library') {
      const payload = Buffer.alloc(4);
      payload.writeUInt32BE(ERROR_NAMES.indexOf(reason));
      this.#send(encodeFrame(FRAME.rstStream, 0, STREAM_ID, payload));
    }
    this.#break(resetBy(initiator, reason));
  }

  #send(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  #sendRequest(block: Buffer): void {
    for (let start = 0; start === 0 || start < block.length; start += MAX_FRAME_BYTES) {
      const part = block.subarray(start, start + MAX_FRAME_BYTES);
      const isLast = start + MAX_FRAME_BYTES >= block.length;
      const type = start === 0 ? FRAME.headers : FRAME.continuation;
      const flags = (start === 0 ? FLAG.endStream : 0) | (isLast ? FLAG.endHeaders : 0);
      this.#send(encodeFrame(type, flags, STREAM_ID, part));
    }
  }

  #receive(chunk: Buffer): void {
    this.#frames.push(chunk);
    while (this.#broken === null) {
      const frame = this.#frames.next();
      if (frame === null) break;
      if (frame === 'too-large') {
        this.#violation('FRAME_SIZE_ERROR');
        return;
      }
      this.#handle(frame);
    }
    this.#notify();
  }

  #handle(frame: Frame): void {
    if (this.#headerBlock !== null && frame.type !== FRAME.continuation) {
      this.#violation('PROTOCOL_ERROR');
      return;
    }
    switch (frame.type) {
      case FRAME.data:
        this.#handleData(frame);
        break;
      case FRAME.headers:
        this.#headerBlock = { parts: [], endStream: (frame.flags & FLAG.endStream) !== 0 };
        this.#handleHeaderPart(frame, withoutPadding(frame));
        break;
      case FRAME.continuation:
        this.#handleHeaderPart(frame, frame.payload);
        break;
      case FRAME.settings:
        if ((frame.flags & FLAG.ack) === 0) {
          this.#send(encodeFrame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
        }
        break;
      case FRAME.ping:
        if ((frame.flags & FLAG.ack) === 0) {
          this.#send(encodeFrame(FRAME.ping, FLAG.ack, 0, frame.payload));
        }
        break;
      case FRAME.rstStream:
        if (frame.streamId === STREAM_ID && !this.#ended) {
          this.#reset('Remote', errorName(frame.payload, 0));
        }
        break;
      case FRAME.goaway:
        this.#handleGoaway(frame.payload);
        break;
      case FRAME.pushPromise:
        this.#violation('PROTOCOL_ERROR');
        break;
      default:
        // WINDOW_UPDATE matters only to a client that sends; unknown types are to be ignored.
        break;
    }
  }

  #handleGoaway(payload: Buffer): void {
    if (payload.length < 8) {
      this.#violation('FRAME_SIZE_ERROR');
      return;
    }
    const reason = errorName(payload, 4);
    const processedUpTo = payload.readUInt32BE(0) & 0x7fffffff;
    // A graceful goodbye lets the stream that it counts in go on to its end.
    if (reason === 'NO_ERROR' && processedUpTo >= STREAM_ID) return;
    this.#break(goAwayBy('Remote', reason));
  }

  #handleHeaderPart(frame: Frame, part: Buffer | null): void {
    const block = this.#headerBlock;
    if (block === null || part === null || frame.streamId !== STREAM_ID) {
      this.#violation('PROTOCOL_ERROR');
      return;
    }
    block.parts.push(part);
    if (block.parts.reduce((total, { length }) => total + length, 0) > 4 * MAX_HEADER_LIST_BYTES) {
      this.#violation('ENHANCE_YOUR_CALM');
      return;
    }
    if ((frame.flags & FLAG.endHeaders) === 0) return;
    this.#headerBlock = null;
    let fields: readonly HeaderField[];
    try {
      fields = this.#hpack.decode(Buffer.concat(block.parts));
    } catch {
      this.#violation('COMPRESSION_ERROR');
      return;
    }
    this.#handleFields(fields, block.endStream);
  }

  #handleFields(fields: readonly HeaderField[], endStream: boolean): void {
    if (this.#response !== null) {
      // Trailers: only their end of the stream means anything.
      if (endStream) this.#end();
      return;
    }
    const status = Number(fields.find(([name]) => name === ':status')?.[1]);
    if (!Number.isInteger(status)) {
      this.#reset('Library', 'PROTOCOL_ERROR');
      return;
    }
    if (status < 200) return;
    const headers = fields.filter(([name]) => !name.startsWith(':'));
    const contentLength = headers.find(([name]) => name === 'content-length')?.[1];
    if (contentLength !== undefined) {
      if (!/^\d{1,15}$/.test(contentLength)) {
        this.#reset('Library', 'PROTOCOL_ERROR');
        return;
      }
      this.#remainingBytes = Number(contentLength);
    }
    // Of the bodiless answers only these may name a length that does not come.
    if (endStream && (status === 204 || status === 304)) this.#remainingBytes = null;
    if (endStream && !this.#end()) return;
    this.#response = { status, headers };
  }

  #handleData(frame: Frame): void {
    const data = withoutPadding(frame);
    if (data === null || frame.streamId !== STREAM_ID || this.#response === null) {
      this.#violation('PROTOCOL_ERROR');
      return;
    }
    // Padding counts against the windows too, but is consumed at once.
    this.#credit(frame.payload.length - data.length);
    if (this.#remainingBytes !== null) {
      if (data.length > this.#remainingBytes) {
        this.#reset('Library', 'PROTOCOL_ERROR');
        return;
      }
      this.#remainingBytes -= data.length;
    }
    const endStream = (frame.flags & FLAG.endStream) !== 0;
    if (endStream && !this.#end()) return;
    // An empty last frame is the end of the body and not a piece of it.
    if (data.length > 0 || !endStream) this.#bodyFrames.push(data);
  }

  /** The end of the body, which must not come before the length that the headers promised. */
  #end(): boolean {
    if (this.#remainingBytes !== null && this.#remainingBytes > 0) {
      this.#reset('Library', 'PROTOCOL_ERROR');
      return false;
    }
    this.#ended = true;
    return true;
  }

  /** Gives the server back what the device has taken, once it is half a window. */
  #credit(bytes: number): void {
    this.#uncredited.stream += bytes;
    this.#uncredited.connection += bytes;
    if (this.#uncredited.stream >= STREAM_WINDOW_BYTES / 2) {
      this.#send(windowUpdate(STREAM_ID, this.#uncredited.stream));
      this.#uncredited.stream = 0;
    }
    if (this.#uncredited.connection >= CONNECTION_WINDOW_BYTES / 2) {
      this.#send(windowUpdate(0, this.#uncredited.connection));
      this.#uncredited.connection = 0;
    }
  }
}
