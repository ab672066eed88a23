import type { BootTable } from '../../../src/flash-data/index.ts';
import { recordCrc } from '../../../src/flash-data/index.ts';

/** A record to put on flash; the CRC is the right one unless given. */
export interface RecordFixture {
  readonly sequence: number;
  readonly state: number;
  readonly crc?: number;
}

/** An otadata partition with these records; `null` leaves the sector erased. */
export function otadataBytes(
  first: RecordFixture | null,
  second: RecordFixture | null,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(0x2000).fill(0xff);
  const view = new DataView(bytes.buffer);
  for (const [index, record] of [first, second].entries()) {
    if (record === null) continue;
    view.setUint32(index * 0x1000, record.sequence, true);
    view.setUint32(index * 0x1000 + 24, record.state, true);
    view.setUint32(index * 0x1000 + 28, record.crc ?? recordCrc(record.sequence), true);
  }
  return bytes;
}

/** A table with otadata and the given app slots, by subtype number. */
export function tableWith(subtypes: readonly number[], { otadata = true } = {}): BootTable {
  const row = (name: string, type: number, subtype: number, index: number) => ({
    name,
    type,
    subtype,
    flashOffset: 0x10000 * (index + 1),
    sizeBytes: 0x10000,
  });
  const apps = subtypes.map((subtype, index) => row(`app${index}`, 0, subtype, index));
  return { entries: [...(otadata ? [row('otadata', 1, 0, 99)] : []), ...apps] };
}

/** A table with a factory app (or not) and `count` OTA slots. */
export function tableOf(count: number, { factory = true, otadata = true } = {}): BootTable {
  const ota = Array.from({ length: count }, (_, index) => 0x10 + index);
  return tableWith([...(factory ? [0] : []), ...ota], { otadata });
}
