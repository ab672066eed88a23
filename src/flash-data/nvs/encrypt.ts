import {
  ENTRIES_PER_PAGE,
  ENTRY_SIZE_BYTES,
  FIRST_ENTRY_OFFSET,
  PAGE_SIZE_BYTES,
} from './layout.ts';
import type { NvsKeys } from './keys.ts';
import { parsePage } from './page.ts';
import { assertPartitionSize } from './parse.ts';

/**
 * Encrypts an NVS partition with XTS-AES-256 as a device does: every entry that is in use or was,
 * each with its offset as tweak. Page headers, bitmaps and blank entries stay as they are.
 *
 * @throws NvsError `nvs/wrong-size`
 */
export async function encryptNvs(
  bytes: Uint8Array,
  keys: NvsKeys,
): Promise<Uint8Array<ArrayBuffer>> {
  return transform('encrypt', bytes, keys);
}

/**
 * Decrypts an NVS partition. With the wrong keys the result is noise, which {@link parseNvs} reports
 * as `nvs/encrypted`.
 *
 * @throws NvsError `nvs/wrong-size`
 */
export async function decryptNvs(
  bytes: Uint8Array,
  keys: NvsKeys,
): Promise<Uint8Array<ArrayBuffer>> {
  return transform('decrypt', bytes, keys);
}

async function transform(
  direction: 'encrypt' | 'decrypt',
  bytes: Uint8Array,
  keys: NvsKeys,
): Promise<Uint8Array<ArrayBuffer>> {
  assertPartitionSize(bytes.length);
  const result = new Uint8Array(bytes);
  const offsets: number[] = [];
  for (let index = 0; index < bytes.length / PAGE_SIZE_BYTES; index += 1) {
    const { entryStates, state } = parsePage(bytes, index);
    for (let entry = 0; entry < ENTRIES_PER_PAGE; entry += 1) {
      const offset = index * PAGE_SIZE_BYTES + FIRST_ENTRY_OFFSET + entry * ENTRY_SIZE_BYTES;
      const content = bytes.subarray(offset, offset + ENTRY_SIZE_BYTES);
      // Data may be all FF and still be data; a blank page has none.
      const used = state !== 'blank' && entryStates[entry] !== 'empty';
      if (used || content.some((byte) => byte !== 0xff)) offsets.push(offset);
    }
  }
  // The cipher takes a while to set up its tables, which those who have no keys need not wait for.
  const { EntryCipher } = await import('./xts.ts');
  new EntryCipher(keys).apply(direction, result, offsets);
  return result;
}
