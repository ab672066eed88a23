import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import {
  deleteNvsValue,
  type Nvs,
  type NvsError,
  type NvsValue,
  parseNvs,
  setNvsValue,
  stringValue,
  valueText,
} from '../../../src/flash-data/index.ts';
import { nvsOf } from './fixtures.ts';

const values = (nvs: Nvs) =>
  Object.fromEntries(
    nvs.variables.map(({ namespace, key, value }) => [`${namespace}/${key}`, valueText(value)]),
  );

const failsWith = (code: string) => expect.objectContaining({ code }) as Error;
const blob = (length: number, fill = 7): NvsValue => ({
  type: 'blob',
  bytes: new Uint8Array(length).fill(fill),
});

describe('setting a value', () => {
  const before = nvsOf('s,namespace,,\na,data,u8,1\nb,data,string,hello\nc,data,hex2bin,0102\n');

  it('appends the new one, erases the old one, and leaves every other byte alone', () => {
    const after = setNvsValue(parseNvs(before), 's', 'b', stringValue('world!'));
    expect(values(parseNvs(after))).toEqual({ 's/a': '1', 's/c': '0102', 's/b': 'world!' });
    // The new entries, and in the bitmap the two old and the two new ones.
    const changed = [...after.keys()].filter((offset) => after[offset] !== before[offset]);
    const firstFree = 64 + 7 * 32;
    expect(changed.filter((offset) => offset < firstFree)).toEqual([32, 33, 34]);
    expect(changed.every((offset) => offset < firstFree + 2 * 32)).toBe(true);
    expect(parseNvs(after).deleted.map(({ key, value }) => [key, valueText(value)])).toEqual([
      ['b', 'hello'],
    ]);
  });

  it('writes nothing where it is there already', () => {
    expect(setNvsValue(parseNvs(before), 's', 'b', stringValue('hello'))).toEqual(before);
  });

  it('replaces a value of another type, and enters a namespace that is new', () => {
    const once = setNvsValue(parseNvs(before), 's', 'a', stringValue('now text'));
    const twice = setNvsValue(parseNvs(once), 'fresh', 'a', { type: 'i32', value: -5n });
    expect(values(parseNvs(twice))).toMatchObject({ 's/a': 'now text', 'fresh/a': '-5' });
    expect(parseNvs(twice)).toMatchObject({
      issues: [],
      namespaces: new Map([
        [1, 's'],
        [2, 'fresh'],
      ]),
    });
  });

  it('begins in a blank partition, and keeps the page format of one in use', () => {
    const blank = parseNvs(new Uint8Array(0x3000).fill(0xff));
    expect(values(parseNvs(setNvsValue(blank, 's', 'a', blob(100))))).toEqual({
      's/a': '07'.repeat(100),
    });
    const first = parseNvs(
      setNvsValue(parseNvs(nvsOf('s,namespace,,', { version: 1 })), 's', 'a', blob(100)),
    );
    expect(first).toMatchObject({
      version: 1,
      issues: [],
      variables: [{ items: [{ head: { typeValue: 0x41 } }] }],
    });
  });

  it('alternates the chunk numbers of a blob, so that both are told apart until the old is erased', () => {
    let nvs = parseNvs(before);
    const starts = [blob(5000), blob(5001), blob(10)].map((value) => {
      nvs = parseNvs(setNvsValue(nvs, 's', 'c', value));
      return nvs.variables.find(({ key }) => key === 'c')?.items[0]?.head.chunkIndex;
    });
    expect(starts).toEqual([0x80, 0, 0x80]);
    expect(nvs.issues).toEqual([]);
  });

  it('keeps everything right through any series of writes, also when pages are cleared', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const value = fc.oneof(
      fc.nat(2 ** 32 - 1).map((number): NvsValue => ({ type: 'u32', value: BigInt(number) })),
      fc.nat(900).map((length) => stringValue('x'.repeat(length))),
      fc.tuple(fc.nat(1900), fc.nat(255)).map(([length, fill]) => blob(length, fill)),
    );
    const namespace = fc.constantFrom('s', 'other');
    const writes = fc.array(fc.tuple(namespace, key, value), { maxLength: 60, size: 'max' });
    const version = fc.constantFrom(1 as const, 2 as const);
    fc.assert(
      fc.property(writes, version, (all, version) => {
        const expected: Record<string, string> = {};
        let nvs = parseNvs(nvsOf('s,namespace,,', { pages: 6, version }));
        for (const [name, key, value] of all) {
          try {
            nvs = parseNvs(setNvsValue(nvs, name, key, value));
            expected[`${name}/${key}`] = valueText(value);
          } catch (error) {
            // A device gives up in the same way; what was there must still be.
            expect((error as NvsError).code).toBe('nvs/full');
          }
          expect(nvs.issues).toEqual([]);
          expect(values(nvs)).toEqual(expected);
        }
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ['nvs/bad-key', 's', 'sixteen_letters_', blob(1)],
    ['nvs/bad-key', 's', '', blob(1)],
    ['nvs/bad-key', '', 'a', blob(1)],
    ['nvs/value-too-long', 's', 'a', stringValue('x'.repeat(4000))],
    ['nvs/value-too-long', 's', 'a', blob(12_001)],
    ['nvs/full', 's', 'a', blob(11_900)],
  ] as const)('says %s', (code, namespace, key, value) => {
    expect(() => setNvsValue(parseNvs(before), namespace, key, value)).toThrow(failsWith(code));
  });

  it('says nvs/too-many-namespaces', () => {
    const rows = Array.from({ length: 254 }, (_, index) => `n${index},namespace,,`).join('\n');
    const full = parseNvs(nvsOf(rows, { pages: 6 }));
    expect(() => setNvsValue(full, 'one more', 'a', blob(1))).toThrow(
      failsWith('nvs/too-many-namespaces'),
    );
    expect(() => nvsOf(`${rows}\nlast,namespace,,`, { pages: 6 })).toThrow(
      failsWith('nvs/too-many-namespaces'),
    );
  });

  it('refuses a partition that a device would repair first: nvs/needs-recovery', () => {
    const damaged = before.slice().fill(0, 28, 29);
    expect(() => setNvsValue(parseNvs(damaged), 's', 'a', blob(1))).toThrow(
      failsWith('nvs/needs-recovery'),
    );
  });
});

describe('deleting a value', () => {
  it('marks it erased and nothing else', () => {
    const before = nvsOf('s,namespace,,\na,data,u8,1\nb,data,hex2bin,0102\n');
    const nvs = parseNvs(deleteNvsValue(parseNvs(before), 's', 'b'));
    expect(values(nvs)).toEqual({ 's/a': '1' });
    expect(nvs.issues).toEqual([]);
    expect(nvs.deleted.map(({ key }) => key)).toEqual(['b']);
  });

  it('says nvs/no-such-key', () => {
    const nvs = parseNvs(nvsOf('s,namespace,,\na,data,u8,1\n'));
    expect(() => deleteNvsValue(nvs, 's', 'b')).toThrow(failsWith('nvs/no-such-key'));
    expect(() => deleteNvsValue(nvs, 'other', 'a')).toThrow(failsWith('nvs/no-such-key'));
  });
});
