import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { findAmbiguity } from '../../../src/server/http/json-ambiguity.ts';

describe('JSON that is not the same to every reader', () => {
  it.each([
    ['{"role":"viewer","role":"admin"}', '"role" is given twice'],
    ['{"role":1,"r\\u006fle":2}', '"role" is given twice'],
    ['[{"a":{"b":1 , "b" : 2}}]', '"b" is given twice'],
    ['{"__proto__":1,"__proto__":2}', '"__proto__" is given twice'],
    ['{"a":1e309}', 'a number is too large'],
    ['[-1e309]', 'a number is too large'],
    [`[${'9'.repeat(400)}]`, 'a number is too large'],
    ['["\\ud800"]', 'a string has half a surrogate pair in it'],
    ['{"\\udc00":1}', 'a string has half a surrogate pair in it'],
    [`${'['.repeat(65)}${']'.repeat(65)}`, 'it is nested deeper than 64 levels'],
    [`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'it is nested deeper than 64 levels'],
  ])('%.60s', (text, why) => {
    expect(findAmbiguity(text)).toBe(why);
  });

  it.each([
    '{"a":{"a":{"a":1}},"b":["a","a",{"a":1},{"a":2}]}',
    '{"a":"\\"a\\":1,{[","b":"\\\\"}',
    '["\\ud83d\\ude00",1.7976931348623157e308,-0,1e-400]',
    `${'['.repeat(64)}${']'.repeat(64)}`,
    '"a"',
    ' null ',
  ])('not %.60s', (text) => {
    JSON.parse(text);
    expect(findAmbiguity(text)).toBeNull();
  });

  it('is nothing that was written from a value', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 }),
        fc.boolean(),
        (value, isWide) => {
          const text = JSON.stringify(value, null, isWide ? 2 : 0);
          expect(findAmbiguity(text)).toBeNull();
        },
      ),
    );
  });

  it('is an object in which any name comes again, wherever it is', () => {
    const place = fc.constantFrom(
      (text: string) => text,
      (text: string) => `[0,${text}]`,
      (text: string) => `{"x":{"y":[${text}]}}`,
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), place, (name, value, put) => {
        const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
        expect(findAmbiguity(put(`{${member},${member}}`))).toContain('is given twice');
      }),
    );
  });
});
