import { createHash } from 'node:crypto';
import { bytesEqual } from '../shared/index.ts';
import type { FlashDevice } from './device.ts';
import { SECTOR_BYTES } from './device-limits.ts';

const BLOCK_BYTES = 16 * SECTOR_BYTES;
/** When so many sectors were asked for and most differ, asking costs more than it saves. */
const PATIENCE_SECTORS = 32;
const MOST = 0.75;

/** From so much content on, a few sectors are asked for first: the chip takes a third of a second a megabyte. */
const SAMPLED_SECTORS = 32;
const SAMPLES = 8;

const BLANK_BLOCK_MD5 = blankMd5(BLOCK_BYTES);

export function md5(bytes: Uint8Array): Uint8Array {
  return createHash('md5').update(bytes).digest();
}

function blankMd5(sizeBytes: number): Uint8Array {
  return md5(new Uint8Array(sizeBytes).fill(0xff));
}

export function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0xff);
}

/**
 * Which sectors of the flash do not hold `data`, found by MD5 on the chip: the whole, then blocks of
 * 64 KB, then sectors. No copy of what the flash held before is needed, and what was changed behind
 * our back is seen. Where a few sectors all differ (a first flash), only the blank ranges are asked for.
 *
 * @param data whole sectors
 * @param exact whether each sector is wanted, rather than whole blocks where most of them differ
 * @returns one entry for each sector, whether it differs
 */
export async function findDifferences(
  device: FlashDevice,
  flashOffset: number,
  data: Uint8Array,
  { exact = false }: { readonly exact?: boolean } = {},
): Promise<readonly boolean[]> {
  const differs = Array<boolean>(data.length / SECTOR_BYTES).fill(false);
  const digest = (start: number, length: number) => device.md5(flashOffset + start, length);
  if (data.length === 0) return differs;
  if (!exact && (await isAllNew(digest, data))) return differingFromBlank(digest, data);
  const whole = await digest(0, data.length);
  if (bytesEqual(whole, md5(data))) return differs;
  // A first flash: one answer says it all.
  if (bytesEqual(whole, blankMd5(data.length)))
    return differs.map((_, i) => !isBlankSector(data, i));
  let asked = 0;
  let different = 0;
  for (let start = 0; start < data.length; start += BLOCK_BYTES) {
    const block = data.subarray(start, start + BLOCK_BYTES);
    const onChip = await digest(start, block.length);
    if (bytesEqual(onChip, md5(block))) continue;
    const first = start / SECTOR_BYTES;
    const isBlankOnChip = bytesEqual(onChip, BLANK_BLOCK_MD5);
    const hopeless = !exact && asked >= PATIENCE_SECTORS && different >= asked * MOST;
    for (let at = 0; at < block.length; at += SECTOR_BYTES) {
      const sector = block.subarray(at, at + SECTOR_BYTES);
      let differing = true;
      if (isBlankOnChip) {
        differing = !isBlank(sector);
      } else if (!hopeless) {
        differing = !bytesEqual(await digest(start + at, SECTOR_BYTES), md5(sector));
        asked += 1;
        different += differing ? 1 : 0;
      }
      differs[first + at / SECTOR_BYTES] = differing;
    }
  }
  return differs;
}

type Digest = (start: number, length: number) => Promise<Uint8Array>;

function sectorOf(data: Uint8Array, index: number): Uint8Array {
  return data.subarray(index * SECTOR_BYTES, (index + 1) * SECTOR_BYTES);
}

function isBlankSector(data: Uint8Array, index: number): boolean {
  return isBlank(sectorOf(data, index));
}

/** Whether sectors here and there hold none of what they should. */
async function isAllNew(digest: Digest, data: Uint8Array): Promise<boolean> {
  const filled = Array.from({ length: data.length / SECTOR_BYTES }, (_, index) => index).filter(
    (index) => !isBlankSector(data, index),
  );
  if (filled.length < SAMPLED_SECTORS) return false;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const index = filled[Math.floor(((sample + 0.5) * filled.length) / SAMPLES)] ?? 0;
    const onChip = await digest(index * SECTOR_BYTES, SECTOR_BYTES);
    if (bytesEqual(onChip, md5(sectorOf(data, index)))) return false;
  }
  return true;
}

/** All that is not blank, and of the blank ranges those that are not blank on the chip. */
async function differingFromBlank(digest: Digest, data: Uint8Array): Promise<readonly boolean[]> {
  const differs = Array<boolean>(data.length / SECTOR_BYTES).fill(true);
  for (let start = 0; start < differs.length; start += 1) {
    let end = start;
    while (end < differs.length && isBlankSector(data, end)) end += 1;
    if (end === start) continue;
    const length = (end - start) * SECTOR_BYTES;
    const onChip = await digest(start * SECTOR_BYTES, length);
    differs.fill(!bytesEqual(onChip, blankMd5(length)), start, end);
    start = end - 1;
  }
  return differs;
}
