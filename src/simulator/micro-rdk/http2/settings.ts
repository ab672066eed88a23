import { MAX_FRAME_BYTES } from './frames.ts';

/** How much the server may send ahead: the defaults of the library that the device uses. */
export const STREAM_WINDOW_BYTES = 2 * 1024 * 1024;
export const CONNECTION_WINDOW_BYTES = 5 * 1024 * 1024;
/** What every connection starts with (RFC 9113 §6.9.2). */
export const INITIAL_CONNECTION_WINDOW_BYTES = 65_535;
export const MAX_HEADER_LIST_BYTES = 16 * 1024;

/** The device's SETTINGS: no push, its stream window, frame size and header list limits. */
export function settingsPayload(): Buffer {
  const settings = [
    [0x2, 0],
    [0x4, STREAM_WINDOW_BYTES],
    [0x5, MAX_FRAME_BYTES],
    [0x6, MAX_HEADER_LIST_BYTES],
  ] as const;
  const payload = Buffer.alloc(6 * settings.length);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  });
  return payload;
}
