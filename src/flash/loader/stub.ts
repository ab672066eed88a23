import { getStubJsonByChipName } from 'esptool-js/lib/stubFlasher.js';
import type { ChipFacts } from './chip-facts.ts';
import { FlashError } from '../codes.ts';
import type { Connection } from './connection.ts';
import { COMMAND, serializeBlock, words } from './packet.ts';
import { encodeFrame } from './slip.ts';
import { isTransient } from './connect.ts';

const BLOCK_BYTES = 0x1800;
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
  { chip }: ChipFacts,
  revision: number,
): Promise<boolean> {
  const stub = await getStubJsonByChipName(chip.title, revision);
  if (stub === undefined) return false;
  await upload(connection, stub.text_start, stub.decodedText);
  await upload(connection, stub.data_start, stub.decodedData);
  try {
    await connection.command(COMMAND.memEnd, words(0, stub.entry), {
      timeoutMs: MEM_END_TIMEOUT_MS,
    });
  } catch (error) {
    if (!isTransient(error)) throw error;
  }
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
  return true;
}

async function upload(connection: Connection, address: number, data: Uint8Array): Promise<void> {
  if (data.length === 0) return;
  const blocks = Math.ceil(data.length / BLOCK_BYTES);
  await connection.command(COMMAND.memBegin, words(data.length, blocks, BLOCK_BYTES, address));
  for (let sequence = 0; sequence < blocks; sequence += 1) {
    const block = data.subarray(sequence * BLOCK_BYTES, (sequence + 1) * BLOCK_BYTES);
    await connection.send(
      COMMAND.memData,
      encodeFrame(serializeBlock(COMMAND.memData, block, sequence)),
    );
  }
}
