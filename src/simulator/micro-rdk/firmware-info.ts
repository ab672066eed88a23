import { decodeCString } from '../../shared/index.ts';
import { DevicePanic, EspFailure } from './failure.ts';

/** Image header, first segment header, app descriptor: what the device reads before it looks. */
export const FIRMWARE_HEADER_BYTES = 24 + 8 + 256;

const DESCRIPTOR_OFFSET = 32;
const FIELDS = {
  version: { offset: 16, length: 32 },
  projectName: { offset: 48, length: 32 },
  time: { offset: 80, length: 16 },
  date: { offset: 96, length: 16 },
} as const;
/** The device keeps version and release date in strings of this many bytes. */
const MAX_STRING_BYTES = 24;

/** What the device takes from an app descriptor. */
export interface FirmwareInfo {
  readonly version: string;
  /** Date and time of the build. */
  readonly released: string;
  readonly projectName: string;
}

/**
 * Reads the app descriptor as the device's library does: at offset 32, without a look at any magic
 * number. Answers `null` for too few bytes.
 *
 * @throws EspFailure `ESP_ERR_INVALID_SIZE` where a string is longer than 24 bytes
 * @throws DevicePanic where a string is not UTF-8
 */
export function readFirmwareInfo(bytes: Uint8Array): FirmwareInfo | null {
  if (bytes.length < FIRMWARE_HEADER_BYTES) return null;
  const text = (field: keyof typeof FIELDS) => {
    const { offset, length } = FIELDS[field];
    const start = DESCRIPTOR_OFFSET + offset;
    const decoded = decodeCString(bytes.subarray(start, start + length));
    if (decoded === null) {
      throw new DevicePanic(
        `called \`Result::unwrap()\` on an \`Err\` value: Utf8Error in the app descriptor's ${field}`,
      );
    }
    return decoded;
  };
  const version = bounded(text('version'));
  const released = bounded(`${text('date')} ${text('time')}`);
  return { version, released, projectName: text('projectName') };
}

function bounded(text: string): string {
  if (Buffer.byteLength(text) > MAX_STRING_BYTES) throw new EspFailure('ESP_ERR_INVALID_SIZE');
  return text;
}
