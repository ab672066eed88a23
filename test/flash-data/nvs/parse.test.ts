import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { inspectNvs, type Nvs, parseNvs, valueText } from '../../../src/flash-data/index.ts';
import { createPage, setEntryStates, setPageState } from '../../../src/flash-data/nvs/page.ts';
import { entry, nvsOf, nvsWith, variable } from './fixtures.ts';

const ROWS = `s,namespace,,
small,data,u8,7
negative,data,i64,-9223372036854775808
text,data,string,"a ""quoted"" line
and é"
blob,data,hex2bin,00ff10
other,namespace,,
small,data,u32,4294967295
`;

const listed = (nvs: Nvs) =>
  nvs.variables.map(({ namespace, key, value }) => [namespace, key, value.type, valueText(value)]);

const codes = (bytes: Uint8Array) => inspectNvs(bytes).issues.map(({ code }) => code);

describe('NVS', () => {
  it.each([1, 2] as const)('of version %d is read back as it was built', (version) => {
    const nvs = parseNvs(nvsOf(ROWS, { version }));
    expect(listed(nvs)).toEqual([
      ['s', 'small', 'u8', '7'],
      ['s', 'negative', 'i64', '-9223372036854775808'],
      ['s', 'text', 'string', 'a "quoted" line\nand é'],
      ['s', 'blob', 'blob', '00ff10'],
      ['other', 'small', 'u32', '4294967295'],
    ]);
    expect(nvs).toMatchObject({ version, issues: [], deleted: [] });
  });

  it('puts blobs together that lie on several pages', () => {
    const hex = Array.from({ length: 9000 }, (_, index) =>
      (index % 251).toString(16).padStart(2, '0'),
    ).join('');
    const nvs = parseNvs(
      nvsOf(`s,namespace,,\nblob,data,hex2bin,${hex}\nlast,data,u8,1`, { pages: 5 }),
    );
    expect(listed(nvs)).toEqual([
      ['s', 'blob', 'blob', hex],
      ['s', 'last', 'u8', '1'],
    ]);
    expect(nvs.variables[0]?.items.map(({ pageIndex }) => pageIndex)).toEqual([0, 1, 2, 2]);
  });

  it('is blank where nothing was written, and says how full it is where something was', () => {
    const blank = inspectNvs(new Uint8Array(0x4000).fill(0xff));
    expect(blank).toMatchObject({ kind: 'blank', issues: [], usage: { pages: 4, blankPages: 4 } });
    expect(inspectNvs(nvsOf(ROWS))).toMatchObject({
      kind: 'nvs',
      usage: { pages: 4, blankPages: 3, writtenEntries: 10, erasedEntries: 0, freeEntries: 368 },
    });
  });

  it('shows erased values on request, as long as they are legible', () => {
    const bytes = nvsWith(entry('gone', 0x01, [5]), variable('secret', 0x21, [0x68, 0x69, 0]));
    setEntryStates(bytes, 1, 3, 'erased');
    const nvs = parseNvs(bytes);
    expect(nvs.variables).toEqual([]);
    expect(nvs.deleted.map(({ key, value }) => [key, valueText(value)])).toEqual([
      ['gone', '5'],
      ['secret', 'hi'],
    ]);
  });
});

describe('a fault in NVS', () => {
  const page = (state: 'full' | 'freeing', sequence: number) => {
    const bytes = createPage(sequence, 2);
    setPageState(bytes, state);
    return bytes;
  };
  const withPage = (bytes: Uint8Array<ArrayBuffer>, index: number, content: Uint8Array) => {
    bytes.set(content, index * 4096);
    return bytes;
  };
  const damaged = (bytes: Uint8Array<ArrayBuffer>, offset: number) =>
    bytes.fill(0, offset, offset + 1);
  const sound = () => nvsWith(entry('a', 0x01, [5]));

  it.each([
    ['nvs/wrong-size', new Uint8Array(5000)],
    ['nvs/wrong-size', new Uint8Array(0)],
    ['nvs/page-header', damaged(sound(), 28)],
    ['nvs/page-header', damaged(sound(), 0)],
    ['nvs/page-not-erased', damaged(sound(), 4096 + 100)],
    ['nvs/page-freeing', withPage(sound(), 1, page('freeing', 1))],
    ['nvs/page-sequence', withPage(sound(), 1, page('full', 0))],
    [
      'nvs/no-free-page',
      withPage(
        withPage(withPage(sound(), 1, page('full', 1)), 2, page('full', 2)),
        3,
        page('full', 3),
      ),
    ],
    ['nvs/entry-crc', damaged(sound(), 64 + 32 + 24)],
    ['nvs/entry-span', nvsWith(entry('a', 0x01, [5], { span: 200 }))],
    ['nvs/entry-span', nvsWith(entry('a', 0x21, [0x40, 0, 0xff, 0xff, 0, 0, 0, 0]))],
    ['nvs/entry-state', damaged(sound(), 64 + 3 * 32)],
    ['nvs/data-crc', damaged(nvsWith(variable('a', 0x21, [0x61, 0])), 64 + 2 * 32)],
    ['nvs/unknown-type', nvsWith(entry('a', 0x33))],
    ['nvs/unknown-namespace', nvsWith(entry('a', 0x01, [5], { namespaceIndex: 9 }))],
    ['nvs/duplicate-key', nvsWith(entry('a', 0x01), entry('a', 0x02), entry('b', 0x01))],
    ['nvs/blob-incomplete', nvsWith(entry('a', 0x48, [5, 0, 0, 0, 1, 0]))],
    ['nvs/orphan-chunk', nvsWith(variable('a', 0x42, [1, 2], 0))],
    ['nvs/string-not-terminated', nvsWith(variable('a', 0x21, [0x61, 0x62]))],
    ['nvs/string-not-terminated', nvsWith(variable('a', 0x21, [0xff, 0]))],
  ] as const)('is named: %s', (code, bytes) => {
    expect(codes(bytes)).toEqual([code]);
  });

  it('in every entry is called encryption: nvs/encrypted', () => {
    const bytes = sound();
    for (let offset = 64; offset < 128; offset += 1) bytes[offset] = (bytes[offset] ?? 0) ^ 0x5a;
    expect(codes(bytes)).toEqual(['nvs/encrypted']);
  });

  it('where the power went between writing and erasing leaves the newer value in charge', () => {
    const both = [entry('a', 0x01, [1]), entry('b', 0x01, [9]), entry('a', 0x01, [2])];
    const a = (bytes: Uint8Array) =>
      parseNvs(bytes).variables.find(({ key }) => key === 'a')?.value;
    expect(a(nvsWith(...both))).toEqual({ type: 'u8', value: 2n });
    // Once something else was written after it, the device goes by the first that it finds.
    expect(a(nvsWith(...both, entry('c', 0x01)))).toEqual({ type: 'u8', value: 1n });
  });

  it('is noticed or survived: every truncation', () => {
    const whole = nvsOf(ROWS);
    for (let length = 0; length < whole.length; length += 1) {
      const expected = length > 0 && length % 4096 === 0 ? 'nvs' : 'unreadable';
      expect(inspectNvs(whole.subarray(0, length)).kind).toBe(expected);
    }
  });

  it('is noticed or survived: every flipped byte', () => {
    const whole = nvsOf(ROWS, { pages: 1 });
    const original = JSON.stringify(listed(parseNvs(whole)));
    // Padding behind data is covered by no CRC; a device does not notice either.
    const silent: number[] = [];
    for (let offset = 0; offset < whole.length; offset += 1) {
      const flipped = whole.slice();
      flipped[offset] = (flipped[offset] ?? 0) ^ 0xff;
      const nvs = parseNvs(flipped);
      if (nvs.issues.length === 0) {
        expect(JSON.stringify(listed(nvs))).toBe(original);
        silent.push(offset);
      }
    }
    const padding = (first: number, last: number) => (offset: number) =>
      offset >= first && offset <= last;
    const known = [
      // Blank entries that count as erased are lost, but nothing else is.
      padding(32 + 2, 63),
      padding(64 + 32 * 4 + 23, 64 + 32 * 5 - 1),
      padding(64 + 32 * 6 + 3, 64 + 32 * 7 - 1),
    ];
    expect(silent.filter((offset) => !known.some((within) => within(offset)))).toEqual([]);
  });

  it('never makes the inspection throw, whatever the bytes', () => {
    const base = nvsOf(ROWS, { pages: 3 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { maxLength: 60 }),
        fc.uint8Array({ minLength: 4096, maxLength: 4096, size: 'max' }),
        (edits, noise) => {
          const bytes = base.slice();
          for (const [offset, value] of edits) bytes[offset] = value;
          expect(inspectNvs(bytes).kind).not.toBe('unreadable');
          inspectNvs(noise);
        },
      ),
      { numRuns: 200 },
    );
  });
});
