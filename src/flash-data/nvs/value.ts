import { toHex } from '../../shared/index.ts';
import type { NvsIntegerType } from './layout.ts';

/** A value as NVS stores it. */
export type NvsValue =
  | { readonly type: NvsIntegerType; readonly value: bigint }
  /** `bytes` is what is stored, with the NUL; `text` is `null` where it is not UTF-8. */
  | { readonly type: 'string'; readonly text: string | null; readonly bytes: Uint8Array }
  | { readonly type: 'blob'; readonly bytes: Uint8Array };

/** The type of a value: `u8` … `i64`, `string` or `blob`. */
export type NvsType = NvsValue['type'];

const fatalDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A string value out of its stored bytes. */
export function stringFromBytes(bytes: Uint8Array): NvsValue {
  const end = bytes.indexOf(0);
  try {
    return {
      type: 'string',
      text: fatalDecoder.decode(bytes.subarray(0, end < 0 ? bytes.length : end)),
      bytes,
    };
  } catch {
    return { type: 'string', text: null, bytes };
  }
}

/** A string value with the NUL that ends it. */
export function stringValue(text: string): NvsValue {
  return { type: 'string', text, bytes: new TextEncoder().encode(`${text}\0`) };
}

/** How many bytes a value has: its own size for an integer, without the NUL for a string. */
export function valueSizeBytes(value: NvsValue): number {
  if (value.type === 'string')
    return value.bytes.at(-1) === 0 ? value.bytes.length - 1 : value.bytes.length;
  return value.type === 'blob' ? value.bytes.length : Number(value.type.slice(1)) / 8;
}

/** Whether two values are the same in type and content. */
export function valuesEqual(a: NvsValue, b: NvsValue): boolean {
  return a.type === b.type && valueText(a) === valueText(b);
}

/** A value as one string: decimal, the text, or hex (for a blob, and for a string that is no text). */
export function valueText(value: NvsValue): string {
  if (value.type === 'string') return value.text ?? toHex(value.bytes);
  return value.type === 'blob' ? toHex(value.bytes) : value.value.toString();
}
