/**
 * The little of DNS (RFC 1035, RFC 6762) that browsing needs: questions are written, answers are
 * read. Names stay lists of labels, because a service's own name may contain dots ("Rev. 2").
 */

export type DnsName = readonly string[];

/** The record types that describe a service, by their numbers on the wire. */
export const RECORD_TYPE = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 } as const;

export interface DnsQuestion {
  readonly name: DnsName;
  readonly type: number;
}

/** One resource record; types that say nothing about a service come as `other`. */
export type DnsRecord = {
  readonly name: DnsName;
  /** 0 takes the record back ("goodbye"). */
  readonly ttlSeconds: number;
} & (
  | { readonly kind: 'pointer'; readonly target: DnsName }
  | { readonly kind: 'service'; readonly target: DnsName; readonly port: number }
  | { readonly kind: 'text'; readonly strings: readonly Uint8Array[] }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'other'; readonly type: number }
);

const CLASS_IN = 1;
const HEADER_BYTES = 12;

/** A query with the given questions, multicast answers wanted. */
export function buildDnsQuery(questions: readonly DnsQuestion[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [0, 0, 0, 0, ...u16(questions.length), 0, 0, 0, 0, 0, 0];
  for (const { name, type } of questions) {
    for (const label of name) {
      const encoded = new TextEncoder().encode(label);
      if (encoded.length === 0 || encoded.length > 63) {
        throw new RangeError(`a DNS label has 1 to 63 bytes, not ${encoded.length}`);
      }
      bytes.push(encoded.length, ...encoded);
    }
    bytes.push(0, ...u16(type), ...u16(CLASS_IN));
  }
  return Uint8Array.from(bytes);
}

/**
 * The records of a response, from its answer and additional sections alike. `null` where the packet
 * is a query, is malformed anywhere, or claims more than it holds: anybody on the LAN can send one.
 */
export function readDnsResponse(packet: Uint8Array): readonly DnsRecord[] | null {
  try {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    const flags = view.getUint16(2);
    const isResponse = (flags & 0x8000) !== 0;
    const isPlainQuery = (flags & 0x7800) === 0;
    if (!isResponse || !isPlainQuery) return null;
    let offset = HEADER_BYTES;
    for (let left = view.getUint16(4); left > 0; left -= 1) offset = readName(view, offset).end + 4;
    const records: DnsRecord[] = [];
    const count = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
    for (let left = count; left > 0; left -= 1) {
      const { record, end } = readRecord(view, offset);
      records.push(record);
      offset = end;
    }
    return records;
  } catch (thrown) {
    if (thrown instanceof RangeError) return null;
    throw thrown;
  }
}

function readRecord(view: DataView, start: number): { record: DnsRecord; end: number } {
  const { name, end: fixed } = readName(view, start);
  const type = view.getUint16(fixed);
  const ttlSeconds = view.getUint32(fixed + 4);
  const data = fixed + 10;
  const end = data + view.getUint16(fixed + 8);
  if (end > view.byteLength) throw new RangeError('record data goes past the end');
  return { record: { name, ttlSeconds, ...readData(view, type, data, end) }, end };
}

type Data<R = DnsRecord> = R extends DnsRecord ? Omit<R, 'name' | 'ttlSeconds'> : never;

function readData(view: DataView, type: number, start: number, end: number): Data {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, end - start);
  switch (type) {
    case RECORD_TYPE.PTR:
      return { kind: 'pointer', target: readName(view, start).name };
    case RECORD_TYPE.SRV: {
      const { name } = readName(view, start + 6);
      return { kind: 'service', target: name, port: view.getUint16(start + 4) };
    }
    case RECORD_TYPE.TXT:
      return { kind: 'text', strings: readStrings(bytes) };
    case RECORD_TYPE.A:
      if (bytes.length !== 4) throw new RangeError('an IPv4 address has 4 bytes');
      return { kind: 'address', address: bytes.join('.') };
    case RECORD_TYPE.AAAA:
      if (bytes.length !== 16) throw new RangeError('an IPv6 address has 16 bytes');
      return { kind: 'address', address: formatIpv6(view, start) };
    default:
      return { kind: 'other', type };
  }
}

function readName(view: DataView, start: number): { name: DnsName; end: number } {
  const name: string[] = [];
  let totalBytes = 0;
  let offset = start;
  let end: number | null = null;
  for (;;) {
    const length = view.getUint8(offset);
    if (length >= 0xc0) {
      const target = view.getUint16(offset) & 0x3fff;
      // Only backwards: a pointer that cannot go forwards cannot loop.
      if (target >= offset) throw new RangeError('a name points forwards');
      end ??= offset + 2;
      offset = target;
      totalBytes += 1;
    } else if (length > 63) {
      throw new RangeError('a label of an unknown kind');
    } else if (length === 0) {
      return { name, end: end ?? offset + 1 };
    } else {
      name.push(decode(view, offset + 1, length));
      offset += length + 1;
      totalBytes += length + 1;
    }
    if (totalBytes > 255) throw new RangeError('a name has at most 255 bytes');
  }
}

function readStrings(bytes: Uint8Array): readonly Uint8Array[] {
  const strings: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const length = bytes[offset] ?? 0;
    const end = offset + 1 + length;
    if (end > bytes.length) throw new RangeError('a text string goes past its record');
    if (length > 0) strings.push(bytes.subarray(offset + 1, end));
    offset = end;
  }
  return strings;
}

function formatIpv6(view: DataView, start: number): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    view.getUint16(start + index * 2).toString(16),
  );
  // The URL parser writes the canonical form of RFC 5952, longest run of zeros shortened.
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

function decode(view: DataView, offset: number, length: number): string {
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + offset, length));
}

function u16(value: number): readonly [number, number] {
  return [value >> 8, value & 0xff];
}
