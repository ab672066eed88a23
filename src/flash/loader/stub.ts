import { getStubJsonByChipName } from 'esptool-js/lib/stubFlasher.js';
import type { ChipFacts } from './chip-facts.ts';
import { FlashError } from '../codes.ts';
import type { Connection } from './connection.ts';
import type { Link } from '../../transport/index.ts';
import { COMMAND, serializeBlock, serializeRequest, words } from './packet.ts';
import { type ChipIdentity, readRegister, writeRegister } from './registers.ts';
import { ESPRESSIF_VENDOR_ID } from './reset-sequence.ts';
import { encodeFrame } from './slip.ts';
import { isTransient } from './connect.ts';

const BLOCK_BYTES = 0x1800;
/** More does not get through the USB device of a ROM. */
const USB_OTG_BLOCK_BYTES = 0x800;
/** The ROM jumps into the stub right after its answer, which therefore may not arrive whole. */
const MEM_END_TIMEOUT_MS = 200;
const START_TIMEOUT_MS = 3000;
const GREETING = 'OHAI';

/**
 * Uploads Espressif's flasher stub (as esptool-js ships it) into RAM and starts it. With it the loader
 * compresses better, reads fast, erases ranges, and answers MD5 in binary.
 *
 * @returns `false` where there is no stub for the chip, so that the ROM has to do
 * @throws FlashError `flash/stub-failed`, `flash/command-refused`, `flash/timeout`
 */
export async function startStub(
  connection: Connection,
  facts: ChipFacts,
  { revision, secureBoot }: Pick<ChipIdentity, 'revision' | 'secureBoot'>,
): Promise<boolean> {
  const { chip } = facts;
  // The revision of an ESP32-P4 decides which stub it gets, but v0.0 is taken for none there.
  const stub = await getStubJsonByChipName(chip.title, Math.max(1, revision));
  if (stub === undefined) return false;
  const blockBytes = ramBlockBytes(connection.link, facts);
  await upload(connection, stub.text_start, stub.decodedText, blockBytes);
  await upload(connection, stub.data_start, stub.decodedData, blockBytes);
  const usualRead =
    secureBoot && chip.name === 'esp32s3'
      ? await startThroughRead(connection, stub.entry)
      : await start(connection, stub.entry);
  const frame = await connection.frame(START_TIMEOUT_MS, COMMAND.memEnd);
  const greeting = new TextDecoder('latin1').decode(frame);
  if (greeting !== GREETING) {
    throw new FlashError(
      'flash/stub-failed',
      `the stub did not start: the chip sent ${frame.length} other bytes`,
      {
        hint: 'Try again; if it persists, go on without it: --no-stub.',
        details: { chip: chip.name },
      },
    );
  }
  connection.isStub = true;
  if (usualRead !== null) await writeRegister(connection, ESP32S3_READ_POINTER, usualRead);
  return true;
}

/**
 * Why a chip does without a stub, for people; `null` where it does not.
 *
 * The ROM of an ESP32-C3 runs nothing from RAM once secure boot is on, and the first ESP32-C2 has a ROM
 * that no stub is built for any more.
 */
export function noStubReason(
  { chip }: ChipFacts,
  { revision, secureBoot }: Pick<ChipIdentity, 'revision' | 'secureBoot'>,
): string | null {
  if (chip.name === 'esp32c3' && secureBoot) return 'secure boot keeps it from running the stub';
  if (chip.name === 'esp32c2' && revision === 0) return 'there is no stub for its revision v0.0';
  return null;
}

/** What the ROM takes at once; where nothing is known of the port, it may be the ROM's own USB. */
function ramBlockBytes({ usb }: Link, { chip, hasUsbOtg }: ChipFacts): number {
  if (!hasUsbOtg) return BLOCK_BYTES;
  const isOther =
    usb !== null && (usb.vendorId !== ESPRESSIF_VENDOR_ID || usb.productId !== chip.imageChipId);
  return isOther ? BLOCK_BYTES : USB_OTG_BLOCK_BYTES;
}

async function start(connection: Connection, entryPoint: number): Promise<null> {
  try {
    await connection.command(COMMAND.memEnd, words(0, entryPoint), {
      timeoutMs: MEM_END_TIMEOUT_MS,
    });
  } catch (error) {
    if (!isTransient(error)) throw error;
  }
  return null;
}

/** Where the ROM of the ESP32-S3 looks up its routine for reading flash. */
const ESP32S3_READ_POINTER = 0x3fce_f688;

/**
 * With secure boot on, the ROM of the ESP32-S3 starts nothing, but it reads flash through a pointer.
 *
 * @returns what the pointer was, to be put back
 */
async function startThroughRead(connection: Connection, entryPoint: number): Promise<number> {
  await connection.command(COMMAND.memEnd, words(1, 0));
  const usual = await readRegister(connection, ESP32S3_READ_POINTER);
  await writeRegister(connection, ESP32S3_READ_POINTER, entryPoint);
  await connection.write(encodeFrame(serializeRequest(COMMAND.readFlashSlow, words(0, 0))));
  return usual;
}

async function upload(
  connection: Connection,
  address: number,
  data: Uint8Array,
  blockBytes: number,
): Promise<void> {
  if (data.length === 0) return;
  const blocks = Math.ceil(data.length / blockBytes);
  await connection.command(COMMAND.memBegin, words(data.length, blocks, blockBytes, address));
  for (let sequence = 0; sequence < blocks; sequence += 1) {
    const block = data.subarray(sequence * blockBytes, (sequence + 1) * blockBytes);
    await connection.send(
      COMMAND.memData,
      encodeFrame(serializeBlock(COMMAND.memData, block, sequence)),
    );
  }
}
