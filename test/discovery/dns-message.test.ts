import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import { buildDnsQuery, readDnsResponse, RECORD_TYPE } from '../../src/discovery/dns-message.ts';
import { a, aaaa, packet, ptr, srv, txt } from '../support/dns.ts';

const TYPE = ['_http', '_tcp', 'local'];
const INSTANCE = ['Rev. 2 lamp', ...TYPE];

describe('a query', () => {
  it('has the header, the labels and the type of RFC 1035', () => {
    const query = buildDnsQuery([{ name: ['_http', '_tcp', 'local'], type: RECORD_TYPE.PTR }]);
    expect(Buffer.from(query).toString('latin1')).toBe(
      '\0\0\0\0\0\x01\0\0\0\0\0\0\x05_http\x04_tcp\x05local\0\0\x0c\0\x01',
    );
  });

  it('refuses a label that does not fit', () => {
    expect(() => buildDnsQuery([{ name: ['x'.repeat(64)], type: 1 }])).toThrow('not 64');
    expect(() => buildDnsQuery([{ name: [''], type: 1 }])).toThrow('not 0');
  });
});

describe('a response', () => {
  it('gives its records, with dots inside a label kept', () => {
    const bytes = packet([
      ptr(TYPE, INSTANCE),
      srv(INSTANCE, ['lamp', 'local'], 80),
      txt(INSTANCE, ['a=1', 'b']),
      a(['lamp', 'local'], '192.0.2.7'),
      aaaa(['lamp', 'local'], 'fe800000000000000000000000000001'),
    ]);
    expect(readDnsResponse(bytes)).toEqual([
      { kind: 'pointer', name: TYPE, ttlSeconds: 120, target: INSTANCE },
      { kind: 'service', name: INSTANCE, ttlSeconds: 120, target: ['lamp', 'local'], port: 80 },
      {
        kind: 'text',
        name: INSTANCE,
        ttlSeconds: 120,
        strings: [new Uint8Array(Buffer.from('a=1')), new Uint8Array(Buffer.from('b'))],
      },
      { kind: 'address', name: ['lamp', 'local'], ttlSeconds: 120, address: '192.0.2.7' },
      { kind: 'address', name: ['lamp', 'local'], ttlSeconds: 120, address: 'fe80::1' },
    ]);
  });

  it('follows compressed names backwards', () => {
    // PTR whose name is at 12 and whose target is `lamp` + a pointer to 12.
    const name = Buffer.from('\x05_http\x04_tcp\x05local\x00', 'latin1');
    const data = Buffer.from('\x04lamp\xc0\x0c', 'latin1');
    const bytes = Buffer.concat([
      Buffer.from([0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
      name,
      Buffer.from([0, 12, 0, 1, 0, 0, 0, 120, 0, data.length]),
      data,
    ]);
    expect(readDnsResponse(bytes)).toEqual([
      { kind: 'pointer', name: TYPE, ttlSeconds: 120, target: ['lamp', ...TYPE] },
    ]);
  });

  it('is not fooled by names that loop, point forwards, or never end', () => {
    const header = [0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    const withName = (...name: number[]) =>
      Uint8Array.from([...header, ...name, 0, 16, 0, 1, 0, 0, 0, 120, 0, 0]);
    expect(readDnsResponse(withName(0))).toHaveLength(1);
    expect(readDnsResponse(withName(0xc0, 12))).toBeNull();
    expect(readDnsResponse(withName(1, 97, 0xc0, 12))).toBeNull();
    expect(readDnsResponse(withName(0xc0, 20))).toBeNull();
    expect(readDnsResponse(withName(0x80, 0))).toBeNull();
    expect(
      readDnsResponse(withName(...Array.from({ length: 260 }, (_, i) => (i % 2 ? 97 : 1)), 0)),
    ).toBeNull();
  });

  it('is null for queries and for every truncation', () => {
    const bytes = packet([ptr(TYPE, INSTANCE), srv(INSTANCE, ['lamp', 'local'], 80)]);
    expect(readDnsResponse(bytes)).toHaveLength(2);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(readDnsResponse(bytes.subarray(0, length))).toBeNull();
    }
    expect(readDnsResponse(buildDnsQuery([{ name: TYPE, type: 12 }]))).toBeNull();
  });

  it('survives arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        const bytes = Uint8Array.from([0, 0, 0x84, 0, 0, 1, 0, 3, 0, 0, 0, 2, ...tail]);
        const records = readDnsResponse(bytes);
        expect(records === null || records.length === 5).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
