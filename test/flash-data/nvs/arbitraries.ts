import * as fc from '../../support/property.ts';
import type { PeerCase } from './peer.ts';

const INTEGERS = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64'] as const;

const characters = (letters: string, ...others: readonly string[]) =>
  fc.constantFrom(...letters.split(''), ...others);

const hex = (maxLength: number) =>
  fc.uint8Array({ maxLength, size: 'max' }).map((bytes) => Buffer.from(bytes).toString('hex'));

const text = (maxLength: number) =>
  fc.string({
    unit: characters('abcXYZ019 ,;"\'\n#\t=é€', '😀'),
    maxLength,
    size: 'max',
  });

const ascii = (maxLength: number) => fc.string({ unit: characters('abcXYZ019 ,;"\n'), maxLength });

const integer = fc.constantFrom(...INTEGERS).chain((encoding) => {
  const bits = BigInt(encoding.slice(1));
  const signed = encoding.startsWith('i');
  const min = signed ? -(1n << (bits - 1n)) : 0n;
  const max = (1n << (signed ? bits - 1n : bits)) - 1n;
  const good = fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max)).map(String);
  const odd = fc.constantFrom(
    ` ${max}\t`,
    '1_0',
    '+7',
    '007',
    '',
    '0x10',
    '1.5',
    '_1',
    String(max + 1n),
  );
  return fc.tuple(
    fc.constantFrom(encoding, encoding.toUpperCase()),
    fc.oneof({ weight: 400, arbitrary: good }, { weight: 1, arbitrary: odd }),
  );
});

const fill = fc
  .tuple(
    fc.constantFrom('blob_fill', 'blob_sz_fill'),
    fc.integer({ min: 18, max: 300 }),
    hex(1),
    ascii(20),
  )
  .map(([name, length, byte, value]) => [`${name}(${length};0x${byte || '00'})`, value] as const);

const base64 = fc.uint8Array({ maxLength: 200 }).chain((bytes) => {
  const whole = Buffer.from(bytes).toString('base64');
  return fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom(whole, ` ${whole}\nAA==`) },
    { weight: 1, arbitrary: fc.constant(whole.replaceAll('=', '')) },
  );
});

/** Encoding and value. */
const encoded = fc.oneof(
  { weight: 6, arbitrary: integer },
  { weight: 4, arbitrary: fc.tuple(fc.constant('string'), text(80)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('string'), text(3990)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('hex2bin'), hex(150)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('hex2bin'), hex(6000)) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant('hex2bin'),
      hex(5).map((digits) => ` ${digits}\n`),
    ),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant('base64'), base64) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('binary', 'HEX2BIN', 'STRING', 'Base64'), ascii(100)),
  },
  { weight: 2, arbitrary: fill },
);

const key = fc.oneof(
  {
    weight: 400,
    arbitrary: fc.string({
      unit: characters('abcdefgh_.0'),
      minLength: 1,
      maxLength: 15,
    }),
  },
  {
    weight: 20,
    arbitrary: fc.constantFrom('sta.ssid', 'sta.pswd', 'ap.ssid', 'ap.passwd', 'ap.authmode'),
  },
  { weight: 1, arbitrary: fc.constantFrom('', 'sixteen_letters_', ' spaced ') },
);

/** A field as an author may write it: bare where that is possible, or in quotes. */
const field = (value: string) => {
  const quoted = `"${value.replaceAll('"', '""')}"`;
  return /[",\n\r#]/.test(value) ? fc.constant(quoted) : fc.constantFrom(value, value, quoted);
};

const line = (fields: readonly string[]) =>
  fc.tuple(...fields.map(field)).map((written) => written.join(','));

const dataRow = fc
  .tuple(key, fc.constantFrom('data', 'data', 'data', 'Data'), encoded)
  .chain(([name, type, [encoding, value]]) => line([name, type, encoding, value]));

const namespaceRow = fc
  .constantFrom('storage', 'wifi', 'a', 'VIAM_NS', 'other')
  .chain((name) => fc.constantFrom(`${name},namespace,,`, `"${name}",namespace,"",`));

const harmlessRow = fc.constantFrom('', '# a comment', '#"', '"x"y,data,u8,1');

const faultyRow = fc.constantFrom('short,data', 'e,data,u128,1', ',,,');

const body = fc.array(
  fc.oneof(
    { weight: 400, arbitrary: dataRow },
    { weight: 60, arbitrary: namespaceRow },
    { weight: 20, arbitrary: harmlessRow },
    { weight: 1, arbitrary: faultyRow },
  ),
  { maxLength: 60, size: 'max' },
);

/** CSVs as authors write them, and some that they should not. */
export const peerCase: fc.Arbitrary<PeerCase> = fc
  .record({
    rows: body,
    first: fc.constantFrom('s,namespace,,', 's,namespace,,', '', '# begin'),
    header: fc.constantFrom(
      'key,type,encoding,value',
      'key,type,encoding,value',
      '"key","type",encoding,value',
    ),
    newline: fc.constantFrom('\n', '\n', '\r\n', '\r'),
    ending: fc.boolean(),
    pages: fc.oneof(
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 }) },
      { weight: 6, arbitrary: fc.integer({ min: 3, max: 16 }) },
    ),
    version: fc.constantFrom(1 as const, 2 as const, 2 as const),
  })
  .map(({ rows, first, header, newline, ending, pages, version }) => ({
    csv: [header, first, ...rows].join(newline) + (ending ? newline : ''),
    sizeBytes: pages * 4096,
    version,
  }));
