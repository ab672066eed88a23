import { describe, expect, it } from 'vitest';
import {
  buildNvs,
  type NvsBuildOptions,
  parseNvs,
  parseNvsCsv,
  serializeNvsCsv,
  valueText,
} from '../../../src/flash-data/index.ts';
import { nvsOf } from './fixtures.ts';

const HEADER = 'key,type,encoding,value\n';
const failsWith = (code: string) => expect.objectContaining({ code }) as Error;

function build(rows: string, options: Partial<NvsBuildOptions> = {}) {
  return buildNvs(parseNvsCsv(HEADER + rows), { sizeBytes: 0x4000, ...options });
}

const values = (bytes: Uint8Array) =>
  parseNvs(bytes).variables.map(({ namespace, key, value }) => [namespace, key, valueText(value)]);

describe('building NVS', () => {
  it('takes quoted values with line breaks, comments, blank lines and CRLF', () => {
    const csv =
      'key,type,encoding,value\r\n# comment\r\n\r\ns,namespace,,\r\na,data,string,"x\r\n""y"""\r\n';
    const { bytes } = buildNvs(parseNvsCsv(csv), { sizeBytes: 0x3000 });
    expect(values(bytes)).toEqual([['s', 'a', 'x\n"y"']]);
  });

  it('knows every encoding', () => {
    const rows = [
      's,namespace,,',
      'u8,data,u8,255',
      'i8,data,i8,-128',
      'u16,data,u16,65535',
      'i16,data,i16,-32768',
      'u32,data,u32,4294967295',
      'i32,data,i32,-2147483648',
      'u64,data,u64,18446744073709551615',
      'i64,data,i64,-9223372036854775808',
      'hex,data,hex2bin,c0ffee',
      'b64,data,base64,wP/u',
      'bin,data,binary,abc',
      'fill,data,blob_fill(4;0xaa),hi',
      'sized,data,blob_sz_fill(3;0x00),hi',
    ].join('\n');
    expect(values(build(rows).bytes).map(([, key, value]) => `${key} ${value}`)).toEqual([
      'u8 255',
      'i8 -128',
      'u16 65535',
      'i16 -32768',
      'u32 4294967295',
      'i32 -2147483648',
      'u64 18446744073709551615',
      'i64 -9223372036854775808',
      'hex c0ffee',
      'b64 c0ffee',
      'bin 616263',
      'fill 6869aaaa',
      'sized 02000000686900',
    ]);
  });

  it('takes the bytes of files', () => {
    const rows = parseNvsCsv(
      `${HEADER}s,namespace,,\nf,file,binary,cert.pem\ng,file,string,name.txt\n`,
    );
    const fileBytes = new TextEncoder().encode('héllo');
    const { bytes } = buildNvs(
      rows.map((row) => ({ ...row, fileBytes })),
      { sizeBytes: 0x3000 },
    );
    expect(values(bytes)).toEqual([
      ['s', 'f', '68c3a96c6c6f'],
      ['s', 'g', 'héllo'],
    ]);
    expect(() => buildNvs(rows, { sizeBytes: 0x3000 })).toThrow(failsWith('nvs/bad-value'));
  });

  it.each([
    ['nvs/csv-syntax', 'a,data,u8'],
    ['nvs/bad-key', 'sixteen_letters_,data,u8,1'],
    ['nvs/bad-encoding', 'a,data,u128,1'],
    ['nvs/bad-encoding', 'a,data,blob_fill(4),1'],
    ['nvs/bad-value', 'a,data,u8,256'],
    ['nvs/bad-value', 'a,data,i8,0x10'],
    ['nvs/bad-value', 'a,data,hex2bin,abc'],
    ['nvs/bad-value', 'a,data,base64,abc'],
    ['nvs/bad-value', 'a,data,blob_fill(2;0x00),abc'],
    ['nvs/bad-value', 'a,data,blob_fill(4000000000;0x00),abc'],
    ['nvs/value-too-long', `a,data,string,${'x'.repeat(4000)}`],
    ['nvs/full', `a,data,hex2bin,${'00'.repeat(13_000)}`],
  ])('says %s', (code, row) => {
    expect(() => build(`s,namespace,,\n${row}\n`)).toThrow(failsWith(code));
  });

  it('says which header and sizes it needs', () => {
    expect(() => parseNvsCsv('')).toThrow(failsWith('nvs/csv-syntax'));
    expect(() => parseNvsCsv('a,data,u8,1\n')).toThrow(failsWith('nvs/csv-syntax'));
    expect(() => build('', { sizeBytes: 5000 })).toThrow(failsWith('nvs/wrong-size'));
    expect(build('', { sizeBytes: 0x2000 }).issues).toMatchObject([{ code: 'nvs/readonly-size' }]);
  });

  it('never quotes a value that it refuses, which may be a secret', () => {
    try {
      build('s,namespace,,\na,data,hex2bin,hunter2\n');
    } catch (error) {
      expect(JSON.stringify([String(error), error])).not.toContain('hunter2');
    }
    expect.assertions(1);
  });

  it('says nvs/csv-oddity where a row does what its author hardly meant', () => {
    const odd = (rows: string) => build(rows).issues.map(({ code, location }) => [code, location]);
    const at = (line: number) => [['nvs/csv-oddity', { kind: 'text', line, column: 1 }]];
    expect(odd('a,data,u8,1')).toEqual(at(2));
    expect(odd('s,namespace,,\n,data,u8,1')).toEqual(at(3));
    expect(odd('s,namespace,,\na,Data,u8,1')).toEqual(at(3));
    expect(odd('s,namespace,,\na,data,STRING,x')).toEqual(at(3));
    expect(odd('s,namespace,,\nt,namespace,,\ns,namespace,,\na,data,u8,1')).toEqual(at(4));
  });

  it('goes back to a namespace only where it is told to, since the tool does not', () => {
    const rows = 's,namespace,,\nt,namespace,,\ns,namespace,,\na,data,u8,1';
    expect(values(build(rows).bytes)).toEqual([['t', 'a', '1']]);
    const reopened = build(rows, { reopenNamespaces: true });
    expect([values(reopened.bytes), reopened.issues]).toEqual([[['s', 'a', '1']], []]);
  });
});

describe('Wi-Fi keys', () => {
  const rows = 'nvs.net80211,namespace,,\nsta.ssid,data,binary,lab\n';

  it('bring further entries with them, as the tool has it, unless told not to', () => {
    const keys = (bytes: Uint8Array) => parseNvs(bytes).variables.map(({ key }) => key);
    expect(keys(build(rows).bytes)).toEqual(['sta.ssid', 'sta.apinfo', 'sta.pmk', 'sta.apsw']);
    expect(keys(build(rows, { wifiExtras: false }).bytes)).toEqual(['sta.ssid']);
  });

  it('from an image are built again without a second set', () => {
    const csv = serializeNvsCsv(parseNvs(build(rows).bytes)).slice(HEADER.length);
    expect(build(csv).issues).toMatchObject([{ code: 'nvs/csv-oddity' }]);
    const again = build(csv, { wifiExtras: false });
    expect([again.issues, again.bytes]).toEqual([[], build(rows).bytes]);
  });
});

describe('an NVS as CSV', () => {
  it('builds to the same values', () => {
    const rows = 's,namespace,,\na,data,string,"x,""y""\nz"\nb,data,hex2bin,0aff\nc,data,i8,-3\n';
    const bytes = nvsOf(rows);
    expect(serializeNvsCsv(parseNvs(bytes))).toBe(HEADER + rows);
    expect(nvsOf(serializeNvsCsv(parseNvs(bytes)).slice(HEADER.length))).toEqual(bytes);
  });
});
