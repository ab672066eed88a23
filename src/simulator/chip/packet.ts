import { concatBytes } from '../../shared/index.ts';

/** Command numbers of the ROM loader, and of the stub above 0xD0. */
export const OP = {
  flashBegin: 0x02,
  flashData: 0x03,
  flashEnd: 0x04,
  memBegin: 0x05,
  memEnd: 0x06,
  memData: 0x07,
  sync: 0x08,
  writeReg: 0x09,
  readReg: 0x0a,
  spiSetParams: 0x0b,
  spiAttach: 0x0d,
  readFlashSlow: 0x0e,
  changeBaudRate: 0x0f,
  deflBegin: 0x10,
  deflData: 0x11,
  deflEnd: 0x12,
  flashMd5: 0x13,
  securityInfo: 0x14,
  eraseFlash: 0xd0,
  eraseRegion: 0xd1,
  readFlash: 0xd2,
  runUserCode: 0xd3,
} as const;

/** Error numbers: the ROM's below 0x10, the stub's from 0xC0. */
export const FAULT = {
  invalidMessage: 0x05,
  failed: 0x06,
  checksum: 0x07,
  flashWrite: 0x08,
  flashRead: 0x09,
  inflate: 0x0b,
  stubBadDataLength: 0xc0,
  stubChecksum: 0xc1,
  stubUnknownCommand: 0xc3,
  stubSpiFailed: 0xc4,
  stubNotInFlashMode: 0xc6,
  stubInflate: 0xc7,
  stubNotEnoughData: 0xc8,
  stubTooMuchData: 0xc9,
  stubNotImplemented: 0xff,
} as const;

/** One request of the host, taken out of its SLIP frame. */
export interface Request {
  readonly op: number;
  readonly checksum: number;
  readonly data: Uint8Array;
}

/** Takes a packet apart; `null` where it is no request (wrong direction, or its length is a lie). */
export function parseRequest(packet: Uint8Array): Request | null {
  if (packet.length < 8 || packet[0] !== 0) return null;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const length = view.getUint16(2, true);
  if (packet.length !== 8 + length) return null;
  return { op: view.getUint8(1), checksum: view.getUint32(4, true), data: packet.subarray(8) };
}

/** The 32-bit words at the start of a request's data; missing ones are 0. */
export function words(data: Uint8Array, count: number): readonly number[] {
  const padded = concatBytes([data.subarray(0, count * 4), new Uint8Array(count * 4)]);
  const view = new DataView(padded.buffer);
  return Array.from({ length: count }, (_, index) => view.getUint32(index * 4, true));
}

/** What the loader says to a request. `fault` is 0 for success. */
export interface Answer {
  readonly value?: number;
  readonly data?: Uint8Array;
  readonly fault?: number;
}

/**
 * The ROM of an ESP32 and later ends a response with four bytes: 1 for a failure, then its number. The
 * stub has two, and puts the number into the first.
 */
export function serializeResponse(
  op: number,
  { value = 0, data = new Uint8Array(0), fault = 0 }: Answer,
  isStub: boolean,
): Uint8Array {
  const statusBytes = isStub ? 2 : 4;
  const packet = new Uint8Array(8 + data.length + statusBytes);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, op);
  view.setUint16(2, data.length + statusBytes, true);
  view.setUint32(4, value, true);
  packet.set(data, 8);
  if (fault !== 0) packet.set(isStub ? [fault, 0] : [1, fault], 8 + data.length);
  return packet;
}

/** XOR over a block, seeded 0xEF: what a data command's checksum must be. */
export function blockChecksum(block: Uint8Array): number {
  return block.reduce((checksum, byte) => checksum ^ byte, 0xef);
}
