import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { parseBootReport } from '../../../src/server/faces/native/boot-report.ts';
import { OtakitError } from '../../../src/shared/index.ts';

const parse = (text: string) => parseBootReport(new TextEncoder().encode(text));
const plain = {
  imageHash: null,
  appElfSha256: null,
  secureVersion: null,
  sinceBoot: true,
  bootCount: null,
};
const HASH = 'AB'.repeat(32);

describe('a boot report', () => {
  it('is one line of C', () => {
    expect(parse('main=1.1.0')).toEqual([{ packageId: 'main', version: '1.1.0', ...plain }]);
  });

  it('keeps the plus of a version, and decodes percents', () => {
    expect(parse('main=1.1.0+build%205')[0]?.version).toBe('1.1.0+build 5');
  });

  it.each([
    `main=2&_elf=${HASH}&_secure_version=3&modem=7`,
    `main=2\n_elf=${HASH}\r\n_secure_version=3\nmodem=7\n`,
  ])('names further packages and facts: %j', (text) => {
    expect(parse(text)).toEqual([
      {
        ...plain,
        packageId: 'main',
        version: '2',
        appElfSha256: HASH.toLowerCase(),
        secureVersion: 3,
      },
      { ...plain, packageId: 'modem', version: '7' },
    ]);
  });

  it.each([
    'main=2&modem=7&_boot_count=17',
    '_boot_count=17\nmain=2\nmodem=7',
    '{"boot_count":17,"packages":[{"version":"2"},{"package_id":"modem","version":"7"}]}',
  ])('counts the boot, for all of its packages: %j', (text) => {
    expect(parse(text)).toEqual([
      { ...plain, packageId: 'main', version: '2', bootCount: 17 },
      { ...plain, packageId: 'modem', version: '7', bootCount: 17 },
    ]);
    expect(parse('{"version":"2","boot_count":17}')[0]?.bootCount).toBe(17);
  });

  it('is JSON of one package or of several', () => {
    expect(parse(`{"version":"2","image_hash":"${HASH}"}`)).toEqual([
      { ...plain, packageId: 'main', version: '2', imageHash: HASH.toLowerCase() },
    ]);
    expect(
      parse('{"packages":[{"version":"2"},{"package_id":"modem","version":"7"}]}'),
    ).toHaveLength(2);
  });

  it.each(['', 'main', '=1', '_elf=x', 'main=%zz', '{', '{"version":', '\u0000'])(
    'that cannot be read is a bad request or an invalid one: %j',
    (text) => {
      expect(() => parse(text)).toThrow(
        expect.objectContaining({
          code: expect.stringMatching(/^server\/(?:bad|invalid)-request$/),
        }) as Error,
      );
    },
  );

  it.each([
    `main=${'9'.repeat(200)}`,
    'ma/in=1',
    '_main=1',
    'valueOf=1',
    'main=1&_elf=12',
    'main=1&_secure_version=-1',
    'main=1&_secure_version=4294967296',
    '{"version":"1","secure_version":true}',
    '{"version":"1","secure_version":[]}',
    '{"version":"1","secure_version":""}',
    'main=1&_boot_count=-1',
    'main=1&_boot_count=',
    'main=1&_boot_count=1e3',
    '_boot_count=1',
    '{"version":"1","boot_count":1.5}',
    Array.from({ length: 40 }, (_, index) => `p${index}=1`).join('&'),
    '{"version":5}',
    '{"packages":[]}',
  ])('with a value out of bounds is refused: %j', (text) => {
    expect(() => parse(text)).toThrow(OtakitError);
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          parseBootReport(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(OtakitError);
        }
      }),
    );
  });
});
