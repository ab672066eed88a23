import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, crc32, formatHex } from '../../shared/index.ts';
import { NvsError } from '../codes.ts';

/** Bytes of the two AES-256 keys of XTS. */
export const NVS_KEYS_BYTES = 64;
const KEYS_PARTITION_BYTES = 4096;

/** The keys that an NVS is encrypted with: 32 bytes for the data, 32 for the tweak. */
export type NvsKeys = Uint8Array;

/**
 * Reads a keys partition (`nvs_keys`): the keys, their CRC, and erased flash. 64 bare bytes are taken
 * too.
 *
 * @throws NvsError `nvs/keys-invalid`
 */
export function parseNvsKeys(bytes: Uint8Array): NvsKeys {
  const keys = bytes.slice(0, NVS_KEYS_BYTES);
  if (keys.length < NVS_KEYS_BYTES) {
    throw invalid(`has ${bytes.length} bytes; two AES-256 keys are ${NVS_KEYS_BYTES}`);
  }
  if (keys.every((byte) => byte === 0xff)) throw invalid('is blank');
  if (bytes.length === NVS_KEYS_BYTES) return keys;
  const crc = crc32(keys, 0xffffffff);
  const stored =
    bytes.length < NVS_KEYS_BYTES + 4
      ? null
      : new DataView(bytes.buffer, bytes.byteOffset).getUint32(NVS_KEYS_BYTES, true);
  if (stored === crc) return keys;
  throw invalid(
    stored === null
      ? 'ends before its CRC'
      : `has CRC ${formatHex(stored, 8)}, its keys make ${formatHex(crc, 8)}`,
  );
}

function invalid(what: string): NvsError {
  return new NvsError('nvs/keys-invalid', `the file of NVS keys ${what}`, {
    hint: 'Give the keys partition as `otakit nvs keys` or nvs_partition_gen wrote it; one read from a chip with flash encryption is encrypted itself.',
  });
}

/** A keys partition (4096 bytes) with these keys, as `nvs_partition_gen generate-key` writes it. */
export function serializeNvsKeys(keys: NvsKeys): Uint8Array<ArrayBuffer> {
  const partition = new Uint8Array(KEYS_PARTITION_BYTES).fill(0xff);
  partition.set(keys);
  new DataView(partition.buffer).setUint32(NVS_KEYS_BYTES, crc32(keys, 0xffffffff), true);
  return partition;
}

/** The keys that a chip derives from the HMAC key in its eFuses (NVS encryption scheme "HMAC"). */
export function deriveNvsKeys(hmacKey: Uint8Array): NvsKeys {
  const derive = (...seed: readonly number[]) => {
    const message = Uint8Array.from({ length: 32 }, (_, index) => seed[index % 4] ?? 0);
    return hmac(sha256, hmacKey, message);
  };
  return concatBytes([derive(0x5a, 0x5a, 0xbe, 0xae), derive(0xa5, 0xa5, 0xde, 0xce)]);
}
