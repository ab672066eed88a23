import { type Chip, CHIPS } from '../../chips/index.ts';
import { ByteReader, concatBytes, formatHex, md5 } from '../../shared/index.ts';
import { AppImageError } from '../codes.ts';
import { type FlashRange, joinRanges } from './range.ts';

const BLOCK_BYTES = 512;
const DATA_BYTES = 476;
const MD5_PART_BYTES = 24;
const MAGIC_START = 0x0a324655;
const MAGIC_SECOND = 0x9e5d5157;
const MAGIC_END = 0x0ab16f30;
const FLAG_NOT_MAIN_FLASH = 0x1;
const FLAG_FAMILY = 0x2000;
const FLAG_MD5 = 0x4000;

/** How to cut UF2 blocks. */
export interface Uf2Options {
  readonly chip: Chip;
  /** Bytes of payload in a block; by default as many as fit. */
  readonly chunkBytes?: number;
  /** Whether each block carries the MD5 of its payload; `true` by default. */
  readonly md5?: boolean;
}

/** The most payload that fits into a block. */
export function uf2MaxChunkBytes(withMd5: boolean): number {
  return withMd5 ? DATA_BYTES - MD5_PART_BYTES : DATA_BYTES;
}

/**
 * Writes UF2, numbering the blocks of each range from 0. The same bytes as `esptool merge-bin
 * --format uf2`.
 */
export function serializeUf2(ranges: readonly FlashRange[], options: Uf2Options): Uint8Array {
  const { chip, md5: withMd5 = true } = options;
  const chunkBytes = options.chunkBytes ?? uf2MaxChunkBytes(withMd5);
  const blocks: Uint8Array[] = [];
  for (const { flashOffset, bytes } of ranges.toSorted((a, b) => a.flashOffset - b.flashOffset)) {
    const count = Math.ceil(bytes.length / chunkBytes);
    for (let number = 0; number < count; number++) {
      const payload = bytes.subarray(number * chunkBytes, (number + 1) * chunkBytes);
      const block = new Uint8Array(BLOCK_BYTES);
      const view = new DataView(block.buffer);
      const address = flashOffset + number * chunkBytes;
      const flags = FLAG_FAMILY | (withMd5 ? FLAG_MD5 : 0);
      const words = [
        MAGIC_START,
        MAGIC_SECOND,
        flags,
        address,
        payload.length,
        number,
        count,
        chip.uf2FamilyId,
      ];
      for (const [index, word] of words.entries()) view.setUint32(index * 4, word, true);
      block.set(payload, 32);
      if (withMd5) {
        const at = 32 + payload.length;
        view.setUint32(at, address, true);
        view.setUint32(at + 4, payload.length, true);
        block.set(md5(payload), at + 8);
      }
      view.setUint32(BLOCK_BYTES - 4, MAGIC_END, true);
      blocks.push(block);
    }
  }
  return concatBytes(blocks);
}

/** The contents of a UF2 file. */
export interface Uf2Contents {
  readonly ranges: readonly FlashRange[];
  /** The chip whose family the blocks name, or `null`. */
  readonly chip: Chip | null;
}

/**
 * Reads UF2. Blocks that are not for the main flash are left out, as the format asks for.
 *
 * @throws AppImageError `app-image/bad-uf2` with the block
 */
export function parseUf2(bytes: Uint8Array): Uf2Contents {
  if (bytes.length === 0 || bytes.length % BLOCK_BYTES !== 0) {
    throw bad(`has ${bytes.length} bytes, which is no multiple of ${BLOCK_BYTES}`);
  }
  const ranges: FlashRange[] = [];
  let chip: Chip | null = null;
  for (let offset = 0; offset < bytes.length; offset += BLOCK_BYTES) {
    const reader = new ByteReader(bytes.subarray(offset, offset + BLOCK_BYTES), offset);
    const number = offset / BLOCK_BYTES;
    const magics = [reader.u32('magic'), reader.u32('magic')];
    const flags = reader.u32('flags');
    const flashOffset = reader.u32('address');
    const length = reader.u32('payload length');
    reader.skip(8, 'block numbers');
    const family = reader.u32('family');
    const data = reader.bytes(DATA_BYTES, 'data');
    if (magics[0] !== MAGIC_START || magics[1] !== MAGIC_SECOND) {
      throw bad(`block ${number} does not begin as a UF2 block`);
    }
    if (reader.u32('magic') !== MAGIC_END) throw bad(`block ${number} does not end as one`);
    if (length > DATA_BYTES) throw bad(`block ${number} declares ${length} bytes of payload`);
    if ((flags & FLAG_NOT_MAIN_FLASH) !== 0) continue;
    if ((flags & FLAG_FAMILY) !== 0) {
      chip ??= CHIPS.find((one) => one.uf2FamilyId === family) ?? null;
    }
    const payload = data.subarray(0, length);
    if ((flags & FLAG_MD5) !== 0) checkMd5(data, payload, number);
    ranges.push({ flashOffset, bytes: payload });
  }
  return { ranges: joinRanges(ranges), chip };
}

/** The checksum names the area that it covers; only one that covers this very block can be checked. */
function checkMd5(data: Uint8Array, payload: Uint8Array, number: number): void {
  const at = payload.length;
  if (at + MD5_PART_BYTES > data.length) return;
  const stored = data.subarray(at + 8, at + MD5_PART_BYTES);
  const computed = md5(payload);
  if (stored.some((byte, index) => byte !== computed[index])) {
    throw bad(`block ${number} has a wrong MD5`);
  }
}

function bad(what: string): AppImageError {
  return new AppImageError('app-image/bad-uf2', `the file ${what}`, {
    hint: `The file is damaged; every block is ${formatHex(BLOCK_BYTES)} bytes. Make or copy it again.`,
  });
}
