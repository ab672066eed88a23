import { ecb } from '@noble/ciphers/aes.js';
import { ENTRY_SIZE_BYTES } from './layout.ts';

const BLOCK_BYTES = 16;

/**
 * XTS-AES-256 (IEEE 1619) over whole entries, each a data unit of its own of 32 bytes whose number is
 * its offset in the partition. All units go through the block cipher at once.
 */
export class EntryCipher {
  readonly #dataKey: Uint8Array;
  readonly #tweakKey: Uint8Array;

  /** @param keys 64 bytes: the data key, then the tweak key */
  constructor(keys: Uint8Array) {
    this.#dataKey = keys.subarray(0, 32);
    this.#tweakKey = keys.subarray(32, 64);
  }

  /** Enciphers or deciphers the entries at these offsets of a partition in place. */
  apply(direction: 'encrypt' | 'decrypt', partition: Uint8Array, offsets: readonly number[]): void {
    if (offsets.length === 0) return;
    const tweaks = this.#tweaks(offsets);
    const blocks = new Uint8Array(tweaks.length);
    for (const [unit, offset] of offsets.entries()) {
      blocks.set(partition.subarray(offset, offset + ENTRY_SIZE_BYTES), unit * ENTRY_SIZE_BYTES);
    }
    xorInto(blocks, tweaks);
    const cipher = ecb(this.#dataKey, { disablePadding: true });
    const done = direction === 'encrypt' ? cipher.encrypt(blocks) : cipher.decrypt(blocks);
    xorInto(done, tweaks);
    for (const [unit, offset] of offsets.entries()) {
      const start = unit * ENTRY_SIZE_BYTES;
      partition.set(done.subarray(start, start + ENTRY_SIZE_BYTES), offset);
    }
  }

  /** The tweak of each block: the enciphered offset, and for the second block twice that. */
  #tweaks(offsets: readonly number[]): Uint8Array {
    const numbers = new Uint8Array(offsets.length * BLOCK_BYTES);
    const view = new DataView(numbers.buffer);
    for (const [unit, offset] of offsets.entries())
      view.setUint32(unit * BLOCK_BYTES, offset, true);
    const firsts = ecb(this.#tweakKey, { disablePadding: true }).encrypt(numbers);
    const tweaks = new Uint8Array(offsets.length * ENTRY_SIZE_BYTES);
    for (let unit = 0; unit < offsets.length; unit += 1) {
      const first = firsts.subarray(unit * BLOCK_BYTES, (unit + 1) * BLOCK_BYTES);
      tweaks.set(first, unit * ENTRY_SIZE_BYTES);
      tweaks.set(doubled(first), unit * ENTRY_SIZE_BYTES + BLOCK_BYTES);
    }
    return tweaks;
  }
}

/** Multiplication by x in GF(2^128), little-endian. */
function doubled(block: Uint8Array): Uint8Array {
  const result = new Uint8Array(BLOCK_BYTES);
  let carry = 0;
  for (let index = 0; index < BLOCK_BYTES; index += 1) {
    const byte = block[index] ?? 0;
    result[index] = (byte << 1) | carry;
    carry = byte >> 7;
  }
  if (carry === 1) result[0] = (result[0] ?? 0) ^ 0x87;
  return result;
}

function xorInto(target: Uint8Array, mask: Uint8Array): void {
  for (let index = 0; index < target.length; index += 1) {
    target[index] = (target[index] ?? 0) ^ (mask[index] ?? 0);
  }
}
