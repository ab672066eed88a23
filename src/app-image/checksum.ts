/** The checksum of an image without data. */
export const CHECKSUM_SEED = 0xef;

/** XOR of all bytes, folded onto `seed`; four bytes at a time where the memory allows it. */
export function xorChecksum(bytes: Uint8Array, seed: number = CHECKSUM_SEED): number {
  let checksum = seed;
  let index = 0;
  while (index < bytes.length && (bytes.byteOffset + index) % 4 !== 0) {
    checksum ^= bytes[index++] ?? 0;
  }
  const wordCount = Math.floor((bytes.length - index) / 4);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + index, wordCount);
  let folded = 0;
  for (let word = 0; word < wordCount; word++) folded ^= words[word] ?? 0;
  checksum ^= (folded ^ (folded >>> 8) ^ (folded >>> 16) ^ (folded >>> 24)) & 0xff;
  for (index += wordCount * 4; index < bytes.length; index++) checksum ^= bytes[index] ?? 0;
  return checksum;
}
