import { RpcStatus, STATUS } from './status.ts';

/*
 * Length-prefixed messages of gRPC and gRPC-Web: a flag byte, the length (big endian, 4 bytes), the
 * message. Flag bit 0 marks a compressed message; in gRPC-Web bit 7 marks the trailers.
 */

const PREFIX_BYTES = 5;
const COMPRESSED = 0x01;
const TRAILERS = 0x80;

/** The one message of a request, or of the answer to a unary one. */
export function decodeMessage(body: Uint8Array): Uint8Array {
  if (body.length < PREFIX_BYTES) {
    throw new RpcStatus(STATUS.invalidArgument, `there are ${body.length} bytes, no message`);
  }
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const [flag, length] = [view.getUint8(0), view.getUint32(1)];
  if ((flag & COMPRESSED) !== 0) {
    throw new RpcStatus(STATUS.unimplemented, 'compressed messages are not supported');
  }
  if (body.length !== PREFIX_BYTES + length) {
    const have = body.length - PREFIX_BYTES;
    throw new RpcStatus(STATUS.invalidArgument, `the message says ${length} bytes and has ${have}`);
  }
  return body.subarray(PREFIX_BYTES);
}

/** One message, ready to send. */
export function encodeMessage(message: Uint8Array): Uint8Array {
  return frame(0, message);
}

/** The trailers as gRPC-Web sends them: at the end of the body. */
export function encodeTrailers(trailers: Readonly<Record<string, string>>): Uint8Array {
  const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${value}\r\n`);
  return frame(TRAILERS, new TextEncoder().encode(lines.join('')));
}

/** A status message as headers carry it: percent-encoded outside of printable ASCII. */
export function encodeStatusMessage(message: string): string {
  return message.replaceAll(/[^ -$&-~]/gu, (character) => encodeURIComponent(character));
}

function frame(flag: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PREFIX_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, flag);
  view.setUint32(1, payload.length);
  bytes.set(payload, PREFIX_BYTES);
  return bytes;
}
