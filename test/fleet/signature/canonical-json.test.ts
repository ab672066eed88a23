import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import {
  type CanonicalValue,
  serializeCanonicalJson,
} from '../../../src/fleet/signature/canonical-json.ts';

describe('canonical JSON', () => {
  it('sorts members by UTF-16 code units, as the example of RFC 8785 §3.2.3 does', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.values(JSON.parse(serializeCanonicalJson(value)) as object)).toEqual([
      // JSON.parse puts members that look like indexes first by itself; here that is their place but one.
      'One',
      'Carriage Return',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
    expect(serializeCanonicalJson(value).startsWith('{"\\r":"Carriage Return","1":"One"')).toBe(
      true,
    );
  });

  it('escapes as RFC 8785 §3.2.2.2 does', () => {
    expect(serializeCanonicalJson('\u20ac$\u000f\u000aA\'B"\\\\"/')).toBe(
      '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"',
    );
  });

  it.each([[0.5], [NaN], [2 ** 53], ['\ud800'], [{ a: ['\udfff'] }], [{ '\ud800': 1 }]])(
    'refuses %j, which has no canonical form',
    (value) => {
      expect(() => serializeCanonicalJson(value as CanonicalValue)).toThrow(TypeError);
    },
  );

  it('is the same whatever the order in which members were written, and means the same', () => {
    const text = fc.string({ unit: 'grapheme' });
    const { value } = fc.letrec<{ value: CanonicalValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        text,
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(text, tie('value'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(value, (original) => {
        const canonical = serializeCanonicalJson(original);
        expect(serializeCanonicalJson(reversed(original))).toBe(canonical);
        const again = JSON.parse(canonical) as CanonicalValue;
        expect(serializeCanonicalJson(again)).toBe(canonical);
      }),
    );
  });
});

function reversed(value: CanonicalValue): CanonicalValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: CanonicalValue) => reversed(item));
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, reversed(member)]),
  );
}
