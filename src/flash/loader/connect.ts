import { concatBytes, printable } from '../../shared/index.ts';
import { FlashError } from '../codes.ts';
import {
  type ChipFacts,
  factsByChipId,
  factsByMagic,
  factsByName,
  MAGIC_ADDRESS,
} from './chip-facts.ts';
import type { Connection } from './connection.ts';
import { COMMAND, LINE_FAULTS, parseResponse, serializeRequest, words } from './packet.ts';
import { loaderSequences, playSequence } from './reset-sequence.ts';
import { encodeFrame } from './slip.ts';

const SYNC_PATTERN = Uint8Array.from([0x07, 0x07, 0x12, 0x20, ...Array<number>(32).fill(0x55)]);
const SYNC_TIMEOUT_MS = 100;
/** The ROM answers one SYNC this many times. */
const SYNC_ANSWERS = 8;
const SYNCS_PER_ATTEMPT = 5;
const DEFAULT_ATTEMPTS = 7;
const CHIP_ID_OFFSET = 12;
/** In the flags with which security info begins. */
const SECURE_DOWNLOAD = 1 << 2;

/**
 * Resets the board into its loader and gets an answer from it. Several ways of resetting are tried in
 * turn; over a pipe without modem lines the board must be in its loader already.
 *
 * @throws FlashError `flash/no-answer`, `flash/wrong-boot-mode`
 */
export async function enterLoader(
  connection: Connection,
  attempts = DEFAULT_ATTEMPTS,
): Promise<void> {
  const { link, clock, signal } = connection;
  const sequences = loaderSequences(link);
  let heard = '';
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    connection.forget();
    connection.isStub = false;
    await playSequence(link, sequences[attempt % sequences.length] ?? [], clock, signal);
    if (await findAgain(connection, SYNCS_PER_ATTEMPT)) return;
    heard = connection.noise || heard;
  }
  throw silence(link.target, link.hasSignals, heard);
}

/** How the SYNCs of {@link findAgain} begin: twice as usual, then twice with one END more. */
const EXTRA_ENDS = [false, false, true, true];

/**
 * Several SYNCs, until one is answered. A loader takes every END for the other one of its pair, so that
 * after one that was lost, or a frame that broke off, all frames are gaps to it; one END more mends that.
 */
export async function findAgain(connection: Connection, tries: number): Promise<boolean> {
  for (let count = 0; count < tries; count += 1) {
    if (await synchronise(connection, EXTRA_ENDS[count % EXTRA_ENDS.length])) return true;
  }
  return false;
}

/** One SYNC; whether it was answered. Finds out by the answer whether a stub is running. */
export async function synchronise(connection: Connection, extraEnd = false): Promise<boolean> {
  const frame = encodeFrame(serializeRequest(COMMAND.sync, SYNC_PATTERN));
  try {
    const { value } = await connection.send(
      COMMAND.sync,
      extraEnd ? concatBytes([frame.subarray(0, 1), frame]) : frame,
      { timeoutMs: SYNC_TIMEOUT_MS },
    );
    connection.isStub = value === 0;
    await dropFurtherAnswers(connection);
    return true;
  } catch (error) {
    connection.signal?.throwIfAborted();
    if (isTransient(error)) return false;
    throw error;
  }
}

async function dropFurtherAnswers(connection: Connection): Promise<void> {
  for (let count = 1; count < SYNC_ANSWERS; count += 1) {
    try {
      const frame = await connection.frame(SYNC_TIMEOUT_MS, COMMAND.sync);
      if (parseResponse(frame)?.command !== COMMAND.sync) return;
    } catch (error) {
      if (isTransient(error)) return;
      throw error;
    }
  }
}

/** Whether an error is one that a second try may not have. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof FlashError)) return false;
  if (error.code === 'flash/timeout') return true;
  const { fault } = error.details;
  return error.code === 'flash/command-refused' && LINE_FAULTS.has(Number(fault));
}

/**
 * Which chip it is: by the id in its security info, or, for chips that have none, by a word of ROM.
 *
 * @throws FlashError `flash/unsupported-chip`, `flash/secure-download`
 */
export async function detectChip(connection: Connection): Promise<ChipFacts> {
  try {
    const { data } = await connection.command(COMMAND.securityInfo, new Uint8Array(0));
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const isSecure = data.length >= 4 && (view.getUint32(0, true) & SECURE_DOWNLOAD) !== 0;
    if (data.length >= CHIP_ID_OFFSET + 4) {
      const facts = factsByChipId(view.getUint32(CHIP_ID_OFFSET, true));
      if (isSecure) throw onlyWrites(facts);
      return facts;
    }
    // Only the ESP32-S2 says this much without its id, and in that mode it says no more.
    if (isSecure) throw onlyWrites(factsByName('esp32s2'));
  } catch (error) {
    if (!(error instanceof FlashError) || error.code !== 'flash/command-refused') throw error;
    // The ESP32's ROM does not know the command, and says so several times.
    await drain(connection);
  }
  const { value } = await connection.command(COMMAND.readRegister, words(MAGIC_ADDRESS));
  return factsByMagic(value);
}

function onlyWrites({ chip }: ChipFacts): FlashError {
  return new FlashError(
    'flash/secure-download',
    `the ${chip.title} is in secure download mode: its loader writes, but neither says what is on the board nor checks what was written`,
    {
      hint: 'Update it over the air. To write blindly all the same: esptool --no-stub write-flash.',
      details: { chip: chip.name },
    },
  );
}

async function drain(connection: Connection): Promise<void> {
  try {
    for (;;) await connection.frame(SYNC_TIMEOUT_MS / 2, COMMAND.securityInfo);
  } catch (error) {
    if (!isTransient(error)) throw error;
  }
}

function silence(target: string, hasSignals: boolean, heard: string): FlashError {
  const bootMode = /boot:(0x[0-9a-f]+)/i.exec(heard)?.[1];
  if (bootMode !== undefined && !heard.includes('waiting for download')) {
    return new FlashError(
      'flash/wrong-boot-mode',
      `the board on ${target} starts its application (boot mode ${bootMode}) instead of the loader`,
      {
        hint: 'Hold BOOT (IO0 low), press and release EN/RESET, release BOOT, then run the same command again.',
        details: { target, bootMode },
      },
    );
  }
  const said = heard === '' ? 'nothing at all' : `only "${printable(heard.slice(-60))}"`;
  return new FlashError('flash/no-answer', `no loader answers on ${target}; it sent ${said}`, {
    hint: hasSignals
      ? 'Check that it is the right port and a data cable; otherwise hold BOOT while pressing EN/RESET, and close other programs on the port.'
      : 'A raw pipe cannot reset the board: put it into its loader first, or use rfc2217://.',
    details: { target, heard },
  });
}
