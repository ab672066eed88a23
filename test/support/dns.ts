/** DNS records and packets as bytes, written from RFC 1035 for tests (no name compression). */

type Name = readonly string[];

export function packet(records: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const header = [0, 0, 0x84, 0, 0, 0, records.length >> 8, records.length & 0xff, 0, 0, 0, 0];
  return Uint8Array.from([...header, ...records.flatMap((record) => [...record])]);
}

export function ptr(name: Name, target: Name, ttlSeconds = 120): Uint8Array {
  return record(name, 12, encodeName(target), ttlSeconds);
}

export function srv(name: Name, target: Name, port: number): Uint8Array {
  return record(name, 33, [0, 0, 0, 0, port >> 8, port & 0xff, ...encodeName(target)]);
}

export function txt(name: Name, strings: readonly string[]): Uint8Array {
  const bytes = strings.flatMap((string) => {
    const encoded = Buffer.from(string);
    return [encoded.length, ...encoded];
  });
  return record(name, 16, bytes);
}

export function a(name: Name, address: string): Uint8Array {
  return record(name, 1, address.split('.').map(Number));
}

export function aaaa(name: Name, hex: string): Uint8Array {
  return record(name, 28, [...Buffer.from(hex, 'hex')]);
}

function record(name: Name, type: number, data: readonly number[], ttlSeconds = 120): Uint8Array {
  const cacheFlushIn = 0x8001;
  return Uint8Array.from(
    [
      encodeName(name),
      u16(type),
      u16(cacheFlushIn),
      u16(0),
      u16(ttlSeconds),
      u16(data.length),
      data,
    ].flat(),
  );
}

function u16(value: number): readonly number[] {
  return [value >> 8, value & 0xff];
}

function encodeName(name: Name): readonly number[] {
  return [...name.flatMap((label) => [Buffer.byteLength(label), ...Buffer.from(label)]), 0];
}
