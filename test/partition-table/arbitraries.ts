import * as fc from '../support/property.ts';

/** Blanks, mostly none. */
const blank = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  { weight: 3, arbitrary: fc.constantFrom(' ', '   ', '\t') },
  { weight: 1, arbitrary: fc.constantFrom('\u00a0', '\u3000', '\u001f') },
);

const name = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z][a-z0-9_]{0,13}$/) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('nvs', 'ota_0', 'ota', 'app', 'data', 'factory', 'phy', 'primary'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'exactly_16_bytes',
      'seventeen_bytes_x',
      'phy_инит_',
      '分区表数据',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('a b', '"q"', '\ufeffx', '${HOME_}', 'x$Y') },
);

/** A number in one of the spellings that Python takes, and sometimes in one that it does not. */
function spelled(value: number): fc.Arbitrary<string> {
  const hex = value.toString(16);
  const units = [
    ...(value % 1024 === 0 ? [`${value / 1024}K`, `0x${(value / 1024).toString(16)}k`] : []),
    ...(value % 1048576 === 0 ? [`${value / 1048576}M`, `${value / 1048576} m`] : []),
    ...(value % 1048576 === 0
      ? [`${value / 1048576}KK`, `0b${(value / 1048576).toString(2)}M`]
      : []),
  ];
  return fc.oneof(
    {
      weight: 9,
      arbitrary: fc.constantFrom(String(value), `0x${hex}`, `0X${hex.toUpperCase()}`, ...units),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        `0o${value.toString(8)}`,
        `+${value}`,
        `0x_${hex}`,
        String(value).replace(/(?<=\d)(?=\d{3}$)/, '_'),
        String(value).replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        `0${value}`,
        `${hex}h`,
        `${value}.0`,
        `--${value}`,
        `${value}_`,
        'x',
      ),
    },
  );
}

const KB4 = 0x1000;

const size = fc
  .oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 64 }).map((pages) => pages * KB4) },
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 24 }).map((blocks) => blocks * 0x10000) },
    { weight: 3, arbitrary: fc.constantFrom(0x2000, 0x3000, 0x100000) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1, 0x1001, 2 ** 32 - 1, 2 ** 32, 2 ** 40) },
  )
  .chain((value) =>
    fc.oneof(
      { weight: 14, arbitrary: spelled(value) },
      { weight: 1, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: spelled(value + 0x800000).map((text) => `-${text}`) },
    ),
  );

const offset = fc.oneof(
  { weight: 9, arbitrary: fc.constant('') },
  {
    weight: 4,
    arbitrary: fc.integer({ min: 0, max: 127 }).chain((block) => spelled(block * 0x10000)),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2048 }).chain((page) => spelled(page * KB4)) },
  { weight: 1, arbitrary: fc.constantFrom('0x9420', '-0x1000', 'zero', '0xfffff000') },
);

const kind = fc.oneof(
  {
    weight: 10,
    arbitrary: fc
      .constantFrom('factory', 'ota_0', 'ota_1', 'ota_15', 'test', 'tee_0', 'OTA_2')
      .map((subtype) => ['app', subtype] as const),
  },
  {
    weight: 14,
    arbitrary: fc
      .constantFrom('nvs', 'ota', 'phy', 'coredump', 'nvs_keys', 'fat', 'spiffs', 'tee_ota', '')
      .map((subtype) => ['data', subtype] as const),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom<readonly [string, string]>(
      ['0', '0x10'],
      ['1', '2'],
      ['0x40', '0xfe'],
      ['0x40', ''],
      ['DATA', 'NVS'],
      ['bootloader', 'primary'],
      ['bootloader', 'ota'],
      ['bootloader', 'recovery'],
      ['partition_table', 'primary'],
      ['partition_table', 'ota'],
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<readonly [string, string]>(
      ['app', ''],
      ['', 'nvs'],
      ['apps', 'ota_0'],
      ['appk', 'otak'],
      ['data', '256'],
      ['256', '0'],
      ['0x40', 'nvs'],
      ['custom', '1'],
      ['data', 'nvsm'],
      ['-1', '1'],
    ),
  },
);

const flags = fc.oneof(
  { weight: 12, arbitrary: fc.constant('') },
  { weight: 4, arbitrary: fc.constantFrom('encrypted', 'readonly', 'encrypted:readonly', ':') },
  { weight: 1, arbitrary: fc.constantFrom('ENCRYPTED', 'encrypted: readonly', '# note', 'x') },
);

const tail = fc.constantFrom('', '', '', ',', ',,ignored', ', # ignored too');

const row = fc
  .tuple(name, kind, offset, size, flags, tail, fc.array(blank, { minLength: 6, maxLength: 6 }))
  .map(([name, [type, subtype], offset, size, flags, tail, blanks]) => {
    const fields = [name, type, subtype, offset, size, flags].map(
      (field, index) => `${blanks[index] ?? ''}${field}`,
    );
    const short = flags === '' && tail === '' ? fields.slice(0, 5) : fields;
    return short.join(',') + (short.length === 6 ? tail : '');
  });

const line = fc.oneof(
  { weight: 12, arbitrary: row },
  { weight: 2, arbitrary: fc.constantFrom('', '   ', '# comment', '\t# $UNSET_ comment', '#') },
);

const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r', '\u2028', '\f', '\u0085');

/** A CSV as people write them, and as nobody should, of a few rows. */
export const anyCsv: fc.Arbitrary<string> = fc
  .array(fc.tuple(line, lineEnd), { minLength: 0, maxLength: 6 })
  .map((lines) => lines.map(([text, end]) => text + end).join(''));

/** Options of the generator, in its spelling. */
export const anyOptions: fc.Arbitrary<readonly string[]> = fc
  .tuple(
    fc.constantFrom<readonly string[]>(
      [],
      [],
      [],
      ['--flash-size', '4MB'],
      ['--flash-size', '16MB'],
    ),
    fc.constantFrom<readonly string[]>([], [], ['--secure', 'v1'], ['--secure', 'v2']),
    fc.constantFrom<readonly string[]>([], [], [], ['--offset', '0x10000'], ['--offset', '0x9000']),
    fc.constantFrom<readonly string[]>([], [], ['--no-verify']),
    fc.constantFrom<readonly string[]>([], [], [], ['--disable-md5sum']),
    fc.constantFrom<readonly string[]>(
      [],
      ['--primary-bootloader-offset', '0x1000'],
      ['--primary-bootloader-offset', '0x0', '--recovery-bootloader-offset', '0x3f0000'],
    ),
  )
  .map((parts) => parts.flat());
