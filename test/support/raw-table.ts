import { md5 } from '../../src/shared/index.ts';

/** One row of {@link table}. */
export interface RawRow {
  readonly name: string;
  readonly type: number;
  readonly subtype: number;
  readonly at: number;
  readonly size: number;
}

/** A binary partition table as it lies in flash, MD5 row and padding included. */
export function table(rows: readonly RawRow[]): Uint8Array {
  const bytes = new Uint8Array(0xc00).fill(0xff);
  const view = new DataView(bytes.buffer);
  for (const [index, { name, type, subtype, at, size }] of rows.entries()) {
    const offset = index * 32;
    bytes.fill(0, offset, offset + 32);
    bytes.set([0xaa, 0x50, type, subtype], offset);
    view.setUint32(offset + 4, at, true);
    view.setUint32(offset + 8, size, true);
    bytes.set(new TextEncoder().encode(name), offset + 12);
  }
  const end = rows.length * 32;
  bytes.set([0xeb, 0xeb], end);
  bytes.set(md5(bytes.subarray(0, end)), end + 16);
  return bytes;
}
