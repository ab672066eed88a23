import { assert, constantFrom, jsonValue, property } from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import { parseMachineConfig } from '../../src/machine-config/index.ts';
import { parseStrictJson } from '../../src/machine-config/strict-json.ts';

const LEVELS = 8;

describe('strict JSON', () => {
  it('says what JSON says', () => {
    assert(
      property(jsonValue({ maxDepth: 5 }), constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseStrictJson(text, LEVELS)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('leaves whatever is special to the parser that knows places', () => {
    const deep = `${'['.repeat(LEVELS + 1)}${']'.repeat(LEVELS + 1)}`;
    for (const text of [
      '',
      '{"a": 1,}',
      '{"a": 1} // note',
      '{"a": 1, "a": 1}',
      '{"a": 1, "\\u0061": 1}',
      '{"x": {"a": {}, "b": [{"c": 1, "d": {"c": 1}, "c": 2}]}}',
      deep,
    ]) {
      expect(parseStrictJson(text, LEVELS)).toBeUndefined();
    }
    expect(parseStrictJson(deep.slice(1, -1), LEVELS)).toBeDefined();
  });

  it('is not led astray by what stands in strings', () => {
    for (const text of [
      '{"a\\\\": "\\"", "b": "{\\"a\\": 1", "c": ["]", ",", "c", "c"], "d": "a"}',
      '{"a": "a", "b": {"a": "b"}, "c": {"a": [{"a": 1}, {"a": 1}]}}',
      `{"${'\\\\'.repeat(1000)}": "${'\\"'.repeat(1000)}"}`,
    ]) {
      expect(parseStrictJson(text, LEVELS)).toEqual(JSON.parse(text));
    }
  });
});

describe('a machine config that is read again', () => {
  it('is not parsed again', () => {
    const text = '{"services": []}';
    expect(parseMachineConfig(text)).toBe(parseMachineConfig(`${text} `.trim()));
    expect(parseMachineConfig(`${text} `)).not.toBe(parseMachineConfig(text));
  });

  it('is not kept in memory where it is large', () => {
    const text = JSON.stringify({ notes: 'x'.repeat(2 ** 20) });
    expect(parseMachineConfig(text)).not.toBe(parseMachineConfig(text));
  });
});
