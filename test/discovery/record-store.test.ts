import { describe, expect, it } from 'vitest';
import { readDnsResponse, RECORD_TYPE } from '../../src/discovery/dns-message.ts';
import { RecordStore } from '../../src/discovery/record-store.ts';
import { a, aaaa, packet, ptr, srv, txt } from '../support/dns.ts';

const TYPE = ['_http', '_tcp', 'local'];
const LAMP = ['Lamp', ...TYPE];
const HOST = ['esp-lamp', 'local'];

function hear(store: RecordStore, ...records: readonly Uint8Array[]): void {
  store.add(readDnsResponse(packet(records)) ?? []);
}

describe('what was heard', () => {
  it('becomes a service, whatever the order and the case of names', () => {
    const store = new RecordStore(['_http._tcp']);
    hear(
      store,
      aaaa(HOST, 'fe800000000000000000000000000001'),
      a(['ESP-lamp', 'LOCAL'], '192.0.2.7'),
      a(HOST, '127.0.0.1'),
      txt(['LAMP', ...TYPE], ['Ver=1', 'ver=2', '=x', 'flag']),
      srv(LAMP, HOST, 80),
      ptr(['_HTTP', '_tcp', 'local'], LAMP),
    );
    expect(store.services()).toEqual([
      {
        type: '_http._tcp',
        name: 'Lamp',
        host: 'esp-lamp',
        port: 80,
        addresses: ['192.0.2.7', 'fe80::1'],
        text: new Map([
          ['ver', '1'],
          ['flag', ''],
        ]),
      },
    ]);
    expect(store.missing()).toEqual([]);
  });

  it('says what is missing, step by step', () => {
    const store = new RecordStore(['_http._tcp']);
    hear(store, ptr(TYPE, LAMP));
    expect(store.missing()).toEqual([
      { name: LAMP, type: RECORD_TYPE.SRV },
      { name: LAMP, type: RECORD_TYPE.TXT },
    ]);
    hear(store, srv(LAMP, HOST, 80), txt(LAMP, []));
    expect(store.missing()).toEqual([{ name: HOST, type: RECORD_TYPE.A }]);
  });

  it('is forgotten on goodbye', () => {
    const store = new RecordStore(['_http._tcp']);
    hear(store, ptr(TYPE, LAMP), srv(LAMP, HOST, 80));
    hear(store, ptr(TYPE, LAMP, 0));
    expect(store.services()).toEqual([]);
  });

  it('leaves out other types and pointers that cross types', () => {
    const store = new RecordStore(['_http._tcp']);
    hear(
      store,
      ptr(['_ipp', '_tcp', 'local'], ['Printer', '_ipp', '_tcp', 'local']),
      ptr(TYPE, ['Printer', '_ipp', '_tcp', 'local']),
      ptr(TYPE, TYPE),
    );
    expect(store.services()).toEqual([]);
  });

  it('does not grow without bounds', () => {
    const store = new RecordStore(['_http._tcp']);
    for (let index = 0; index < 3000; index += 1) {
      hear(store, ptr(TYPE, [`n${index}`, ...TYPE]), a([`h${index}`, 'local'], '192.0.2.1'));
    }
    expect(store.services()).toHaveLength(2000);
  });
});
