import { ByteReader, decodeCString } from '../shared/index.ts';

/** `esp_bootloader_desc_t` begins with this byte. */
const BOOTLOADER_DESCRIPTOR_MAGIC = 0x50;
export const BOOTLOADER_DESCRIPTOR_BYTES = 80;

/** `esp_bootloader_desc_t`, which bootloaders since ESP-IDF 5.1 carry at file offset 32. */
export interface BootloaderDescriptor {
  readonly version: number;
  /** For anti-rollback of the bootloader itself; 0 in older ones. */
  readonly secureVersion: number;
  readonly idfVersion: string;
  readonly buildTime: string;
}

/**
 * Reads a bootloader descriptor, or answers `null`: one magic byte alone proves nothing, so the texts
 * have to be texts too.
 *
 * @param bytes at least 80 bytes from the start of the first segment's data
 */
export function parseBootloaderDescriptor(bytes: Uint8Array): BootloaderDescriptor | null {
  if (bytes.length < BOOTLOADER_DESCRIPTOR_BYTES) return null;
  const reader = new ByteReader(bytes);
  if (reader.u8('magic byte') !== BOOTLOADER_DESCRIPTOR_MAGIC) return null;
  reader.skip(2, 'reserved');
  const secureVersion = reader.u8('secure version');
  const version = reader.u32('bootloader version');
  const idfVersion = decodeCString(reader.bytes(32, 'ESP-IDF version'));
  const buildTime = decodeCString(reader.bytes(24, 'build time'));
  if (!isText(idfVersion) || !isText(buildTime)) return null;
  return { version, secureVersion, idfVersion, buildTime };
}

function isText(text: string | null): text is string {
  return text !== null && /^[\x20-\x7e]*$/.test(text);
}
