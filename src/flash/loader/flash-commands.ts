import { createHash } from 'node:crypto';
import { bytesEqual } from '../../shared/index.ts';
import { FlashError } from '../codes.ts';
import type { ChipFacts } from './chip-facts.ts';
import type { Connection } from './connection.ts';
import { COMMAND, serializeBlock, words } from './packet.ts';
import { readRegister } from './registers.ts';
import { encodeFrame } from './slip.ts';

const SECTOR_BYTES = 0x1000;
const ERASE_BLOCK_BYTES = 0x1_0000;
const PAGE_BYTES = 256;
const STATUS_MASK = 0xffff;
const STUB_BLOCK_BYTES = 0x4000;
const ROM_BLOCK_BYTES = 0x400;
const MEGABYTE = 1024 * 1024;

/** How long the slowest flash chips take, as esptool reckons. */
const MD5_MS_PER_MB = 8000;
const ERASE_MS_PER_MB = 40_000;
const WRITE_MS_PER_MB = 40_000;
const ERASE_ALL_TIMEOUT_MS = 120_000;
const LONGEST_TIMEOUT_MS = 240_000;
const SHORTEST_TIMEOUT_MS = 3000;

/** The stub sends one block for each acknowledgement, whatever it is told here. */
const READ_FRAMES_IN_FLIGHT = 1;
const ROM_READ_BYTES = 64;
const MD5_BYTES = 16;

function patience(msPerMb: number, sizeBytes: number): number {
  const needed = (msPerMb * sizeBytes) / MEGABYTE;
  return Math.min(LONGEST_TIMEOUT_MS, Math.max(SHORTEST_TIMEOUT_MS, needed));
}

/** ESP32: the pads of a flash inside of the package, in eFuses. */
const ESP32_PADS = 0x3ff5_a014;
const ESP32_HD_PAD = 0x3ff5_a00c;

/**
 * Connects the chip's SPI controller to its flash. The stub has done it already, by the eFuses and
 * straps; the usual pads, which are what would be asked for here, are not those of every ESP32.
 */
export async function attachFlash(connection: Connection, { chip }: ChipFacts): Promise<void> {
  if (connection.isStub) return;
  const pads = chip.name === 'esp32' ? await padsOfEsp32(connection) : 0;
  await connection.command(COMMAND.spiAttach, words(pads, 0));
}

/** As SPI_ATTACH takes them: clk, q, d, cs and hd with six bits each; 0 for the usual ones. */
async function padsOfEsp32(connection: Connection): Promise<number> {
  const burnt = await readRegister(connection, ESP32_PADS);
  const hd = ((await readRegister(connection, ESP32_HD_PAD)) >>> 4) & 0x1f;
  const pad = (index: number) => (burnt >>> (5 * index)) & 0x1f;
  return pad(0) | (pad(1) << 6) | (pad(2) << 12) | (pad(3) << 18) | (hd << 24);
}

/** Tells the loader how large the flash is. */
export async function setFlashSize(connection: Connection, sizeBytes: number): Promise<void> {
  await connection.command(
    COMMAND.spiSetParameters,
    words(0, sizeBytes, ERASE_BLOCK_BYTES, SECTOR_BYTES, PAGE_BYTES, STATUS_MASK),
  );
}

/** The MD5 of a range of flash, worked out by the chip. */
export async function flashMd5(
  connection: Connection,
  flashOffset: number,
  sizeBytes: number,
): Promise<Uint8Array> {
  const { data } = await connection.command(COMMAND.flashMd5, words(flashOffset, sizeBytes, 0, 0), {
    timeoutMs: patience(MD5_MS_PER_MB, sizeBytes),
  });
  // The ROM answers in hex digits.
  if (data.length < 2 * MD5_BYTES) return data.slice(0, MD5_BYTES);
  const digits = new TextDecoder('latin1').decode(data.subarray(0, 2 * MD5_BYTES));
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

/** A range of flash, with the MD5 that the chip sends after it checked. */
export async function readFlash(
  connection: Connection,
  flashOffset: number,
  sizeBytes: number,
  onBytes: (doneBytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  return connection.isStub
    ? readThroughStub(connection, flashOffset, sizeBytes, onBytes)
    : readThroughRom(connection, flashOffset, sizeBytes, onBytes);
}

async function readThroughStub(
  connection: Connection,
  flashOffset: number,
  sizeBytes: number,
  onBytes: (doneBytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = new Uint8Array(sizeBytes);
  await connection.command(
    COMMAND.readFlash,
    words(flashOffset, sizeBytes, SECTOR_BYTES, READ_FRAMES_IN_FLIGHT),
  );
  let done = 0;
  while (done < sizeBytes) {
    const frame = await connection.frame(SHORTEST_TIMEOUT_MS, COMMAND.readFlash);
    if (frame.length !== Math.min(SECTOR_BYTES, sizeBytes - done)) {
      throw corrupt(flashOffset + done, `a block of ${frame.length} bytes came`);
    }
    content.set(frame, done);
    done += frame.length;
    await connection.write(encodeFrame(words(done)));
    onBytes(done);
  }
  const digest = await connection.frame(SHORTEST_TIMEOUT_MS, COMMAND.readFlash);
  if (!bytesEqual(digest, createHash('md5').update(content).digest())) {
    throw corrupt(flashOffset, `the MD5 of ${sizeBytes} bytes is not the chip's`);
  }
  return content;
}

/** The ROM sends 64 bytes a time, without any digest of its own. */
async function readThroughRom(
  connection: Connection,
  flashOffset: number,
  sizeBytes: number,
  onBytes: (doneBytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = new Uint8Array(sizeBytes);
  for (let done = 0; done < sizeBytes; done += ROM_READ_BYTES) {
    const length = Math.min(ROM_READ_BYTES, sizeBytes - done);
    const { data } = await connection.command(
      COMMAND.readFlashSlow,
      words(flashOffset + done, length),
    );
    if (data.length < length) throw corrupt(flashOffset + done, `only ${data.length} bytes came`);
    content.set(data.subarray(0, length), done);
    onBytes(done + length);
  }
  const digest = await flashMd5(connection, flashOffset, sizeBytes);
  if (!bytesEqual(digest, createHash('md5').update(content).digest())) {
    throw corrupt(flashOffset, `the MD5 of ${sizeBytes} bytes is not the chip's`);
  }
  return content;
}

function corrupt(flashOffset: number, what: string): FlashError {
  return new FlashError(
    'flash/read-corrupt',
    `reading at 0x${flashOffset.toString(16)} went wrong: ${what}`,
    {
      hint: 'The line loses bytes: try a lower --baud or a shorter cable.',
      details: { flashOffset },
    },
  );
}

/** Erases whole sectors. Stub only: the ROM can only erase what it is about to write. */
export async function eraseRange(
  connection: Connection,
  flashOffset: number,
  sizeBytes: number,
): Promise<void> {
  await connection.command(COMMAND.eraseRegion, words(flashOffset, sizeBytes), {
    timeoutMs: patience(ERASE_MS_PER_MB, sizeBytes),
  });
}

/** Erases the whole flash. Stub only. */
export async function eraseChip(connection: Connection): Promise<void> {
  await connection.command(COMMAND.eraseFlash, new Uint8Array(0), {
    timeoutMs: ERASE_ALL_TIMEOUT_MS,
  });
}

/** A range of flash, erased and then filled with what a zlib stream holds. */
export interface DeflatedRange {
  readonly flashOffset: number;
  readonly sizeBytes: number;
  readonly deflated: Uint8Array;
}

/**
 * Writes one range. The next block is framed while the last is under way, but only sent when that was
 * taken: the stub has room for no more than the one that it works on and the one that arrives.
 */
export async function writeDeflated(
  connection: Connection,
  { romTakesEncryptedFlag }: ChipFacts,
  { flashOffset, sizeBytes, deflated }: DeflatedRange,
  onBytes: (sentBytes: number) => void,
): Promise<void> {
  const { isStub } = connection;
  const blockBytes = isStub ? STUB_BLOCK_BYTES : ROM_BLOCK_BYTES;
  const blocks = Math.ceil(deflated.length / blockBytes);
  const timeoutMs = patience(WRITE_MS_PER_MB, sizeBytes);
  // The ROM erases up front, in units of its own blocks; the stub as it goes.
  const announced = isStub ? sizeBytes : Math.ceil(sizeBytes / blockBytes) * blockBytes;
  const parameters = [announced, blocks, blockBytes, flashOffset];
  if (isStub || romTakesEncryptedFlag) parameters.push(0);
  const frame = (sequence: number) => {
    const block = deflated.subarray(sequence * blockBytes, (sequence + 1) * blockBytes);
    return encodeFrame(serializeBlock(COMMAND.deflateData, block, sequence));
  };
  let next = frame(0);
  await connection.command(COMMAND.deflateBegin, words(...parameters), { timeoutMs });
  for (let sequence = 0; sequence < blocks; sequence += 1) {
    const sending = connection.write(next);
    if (sequence + 1 < blocks) next = frame(sequence + 1);
    await sending;
    await connection.answerTo(COMMAND.deflateData, timeoutMs);
    onBytes(Math.min(deflated.length, (sequence + 1) * blockBytes));
  }
  // The stub takes a block before it writes it; only now it says whether the last went well. The
  // ROM would leave the loader.
  if (isStub) await connection.command(COMMAND.deflateEnd, words(1), { timeoutMs });
}
