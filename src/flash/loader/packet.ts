/** Commands of the serial loader; those from 0xD0 are the stub's own. */
export const COMMAND = {
  flashBegin: 0x02,
  flashEnd: 0x04,
  memBegin: 0x05,
  memEnd: 0x06,
  memData: 0x07,
  sync: 0x08,
  writeRegister: 0x09,
  readRegister: 0x0a,
  spiSetParameters: 0x0b,
  spiAttach: 0x0d,
  readFlashSlow: 0x0e,
  changeBaudRate: 0x0f,
  deflateBegin: 0x10,
  deflateData: 0x11,
  deflateEnd: 0x12,
  flashMd5: 0x13,
  securityInfo: 0x14,
  eraseFlash: 0xd0,
  eraseRegion: 0xd1,
  readFlash: 0xd2,
} as const;

export type Command = (typeof COMMAND)[keyof typeof COMMAND];

const NAMES = new Map<number, string>(
  Object.entries(COMMAND).map(([name, number]) => [
    number,
    name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
  ]),
);

/** `flash md5`, for messages. */
export function commandName(command: Command): string {
  return NAMES.get(command) ?? `command ${command}`;
}

/** Little-endian 32-bit words. */
export function words(...values: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value, true);
  return bytes;
}

/** `00 command length16 checksum32 data`. */
export function serializeRequest(
  command: Command,
  data: Uint8Array,
  checksum = 0,
): Uint8Array<ArrayBuffer> {
  const packet = new Uint8Array(8 + data.length);
  const view = new DataView(packet.buffer);
  view.setUint8(1, command);
  view.setUint16(2, data.length, true);
  view.setUint32(4, checksum, true);
  packet.set(data, 8);
  return packet;
}

/** A block of a data command, with its length and number before it. */
export function serializeBlock(
  command: Command,
  block: Uint8Array,
  sequence: number,
): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(16 + block.length);
  data.set(words(block.length, sequence, 0, 0));
  data.set(block, 16);
  let checksum = 0xef;
  for (const byte of block) checksum ^= byte;
  return serializeRequest(command, data, checksum);
}

/** What the loader says to a command: `01 command length16 value32 data`. */
export interface Response {
  readonly command: number;
  readonly value: number;
  /** The data with the status bytes at its end. */
  readonly payload: Uint8Array;
}

/** Takes a frame apart; `null` where it is no response. */
export function parseResponse(frame: Uint8Array): Response | null {
  if (frame.length < 10 || frame[0] !== 1) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const length = view.getUint16(2, true);
  if (frame.length < 8 + length) return null;
  return {
    command: view.getUint8(1),
    value: view.getUint32(4, true),
    payload: frame.subarray(8, 8 + length),
  };
}

/** What the loader's error numbers mean: the ROM's are below 0x10, the stub's from 0xC0. */
const FAULTS: Readonly<Record<number, string>> = {
  0x05: 'it does not understand the message',
  0x06: 'it failed to act on it',
  0x07: 'the checksum is wrong',
  0x08: 'the flash cannot be written',
  0x09: 'the flash cannot be read',
  0x0a: 'the length of the read is wrong',
  0x0b: 'the data does not decompress',
  0x0c: 'the checksum of the decompressed data is wrong',
  0xc0: 'the length of the data is wrong',
  0xc1: 'the checksum of the data is wrong',
  0xc2: 'the block size is wrong',
  0xc3: 'it does not know the command',
  0xc4: 'the flash did not do what it was told',
  0xc5: 'the flash cannot be unlocked',
  0xc6: 'no write has been begun',
  0xc7: 'the data does not decompress',
  0xc8: 'there was less data than announced',
  0xc9: 'there was more data than announced',
  0xff: 'it does not implement the command',
};

/** Says what an error number means. */
export function describeFault(fault: number): string {
  return FAULTS[fault] ?? `error 0x${fault.toString(16)}`;
}

/** "I do not understand": how the ROM answers commands that it does not have. */
export const FAULT_INVALID_MESSAGE = 0x05;

/** Errors of the line, not of the chip: sending the same again helps. */
export const LINE_FAULTS: ReadonlySet<number> = new Set([
  0x05, 0x07, 0x0b, 0x0c, 0xc0, 0xc1, 0xc7, 0xc8, 0xc9,
]);
