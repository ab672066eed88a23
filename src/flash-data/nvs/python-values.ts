/*
 * What `nvs_partition_gen` accepts as numbers, hex and base64 is what Python's own functions accept.
 * Each of these answers `null` where Python raises.
 */

const BLANK = String.raw`[\s\x1c-\x1f\x85]`;
const BLANKS_AROUND = new RegExp(`^${BLANK}+|${BLANK}+$`, 'g');

/** `str.strip()`. */
function strip(text: string): string {
  return text.replaceAll(BLANKS_AROUND, '');
}

/** `int(text)`: decimal, with a sign, with blanks around, and with single `_` between digits. */
export function parsePythonInteger(text: string): bigint | null {
  const match = /^([+-]?)(\d+(?:_\d+)*)$/.exec(strip(text));
  if (match === null) return null;
  const magnitude = BigInt((match[2] ?? '').replaceAll('_', ''));
  return match[1] === '-' ? -magnitude : magnitude;
}

/** `binascii.a2b_hex(text.strip())`. */
export function parsePythonHex(text: string): Uint8Array | null {
  const digits = strip(text);
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return null;
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16),
  );
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** `binascii.a2b_base64(text)`: skips foreign characters and stops at the padding that is due. */
export function parsePythonBase64(text: string): Uint8Array | null {
  const bytes: number[] = [];
  let digits = 0;
  let held = 0;
  let pads = 0;
  for (const character of text) {
    if (character > '\u007f') return null;
    if (character === '=') {
      if (digits < 2) continue;
      pads += 1;
      if (digits + pads >= 4) return Uint8Array.from(bytes);
      continue;
    }
    const value = BASE64.indexOf(character);
    if (value < 0) continue;
    pads = 0;
    if (digits > 0) {
      const bits = digits * 2;
      bytes.push(((held << bits) | (value >> (6 - bits))) & 0xff);
    }
    held = value;
    digits = (digits + 1) % 4;
  }
  return digits === 0 ? Uint8Array.from(bytes) : null;
}
