import type { ByteSource } from '../shared/index.ts';
import { startsPartitionTable } from './flash-contents.ts';
import type { OtherFile } from './image.ts';

/** What the first bytes of a file say about it, before anything is parsed. */
export type FirstGuess = 'image' | 'flash' | OtherFile['kind'];

const UF2_MAGIC = [0x55, 0x46, 0x32, 0x0a];
const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];

/**
 * Tells what a file is from up to 64 KB of its start.
 *
 * @returns `flash` where only a look further in can tell
 */
export function guessFromStart(head: Uint8Array): FirstGuess {
  if (head.length === 0) return 'empty-flash';
  if (head[0] === 0xe9) return 'image';
  if (startsWith(head, ELF_MAGIC)) return 'elf';
  if (startsWith(head, UF2_MAGIC)) return 'uf2';
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (startsPartitionTable(head)) return 'partition-table';
  const text = asText(head.subarray(0, 4096));
  if (text !== null) return guessFromText(text);
  return 'flash';
}

function guessFromText(text: string): FirstGuess {
  if (/^\s*<(?:!doctype|html|head|body|\?xml|!--)/i.test(text)) return 'html';
  if (/^:[0-9a-f]{10}/i.test(text)) return 'intel-hex';
  const firstRow = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('#'));
  const isTableRow = /^[^,]*,\s*(?:app|data|bootloader|partition_table|0x[0-9a-f]+|\d+)\s*,/i;
  return firstRow !== undefined && isTableRow.test(firstRow) ? 'partition-table' : 'unknown';
}

/** The bytes as text, or `null` where they have control characters that texts do not have. */
function asText(bytes: Uint8Array): string | null {
  const isBinary = bytes.some(
    (byte) => (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte === 0xff,
  );
  return isBinary ? null : new TextDecoder('utf-8').decode(bytes);
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

const CHUNK_BYTES = 256 * 1024;

/** Whether every byte of the source is 0xFF, as erased flash reads. */
export async function isErased(source: ByteSource): Promise<boolean> {
  for (let offset = 0; offset < source.sizeBytes; offset += CHUNK_BYTES) {
    const chunk = await source.read(offset, Math.min(CHUNK_BYTES, source.sizeBytes - offset));
    if (!allErased(chunk)) return false;
  }
  return true;
}

/** A loop, because a callback for each of millions of bytes is what takes the time here. */
function allErased(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index += 1) {
    if (bytes[index] !== 0xff) return false;
  }
  return true;
}

/** Samples shorter than this say nothing about randomness. */
const ENTROPY_SAMPLE_BYTES = 1024;

/**
 * Whether bytes are spread as evenly as only ciphertext (or compressed data) is: Pearson's χ² over the
 * 256 byte values stays near 255 for random bytes, and is in the thousands for code.
 */
export function looksEncrypted(sample: Uint8Array): boolean {
  if (sample.length < ENTROPY_SAMPLE_BYTES) return false;
  const counts = new Uint32Array(256);
  for (const byte of sample) counts[byte] = (counts[byte] ?? 0) + 1;
  const expected = sample.length / 256;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return chiSquare < 400;
}
