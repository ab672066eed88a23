import { describe, expect, it } from 'vitest';
import { MachineConfigError, parseMachineConfig } from '../../src/machine-config/index.ts';
import { fixture } from './fixture.ts';

function thrownBy(action: () => unknown): MachineConfigError {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof MachineConfigError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

describe('parseMachineConfig', () => {
  it.each([
    ['{\n  "services": [\n    { "name": "OTA" "model": 1 }\n  ]\n}', 3, 21, 'comma'],
    ['{\r\n  "services": [\r\n', 3, 1, 'closing ]'],
    ['', 1, 1, 'a value is missing'],
    ['{ services: [] }', 1, 3, 'unknown word'],
    ['{ "a": 1 } }', 1, 12, 'follows the end'],
    ['{ "a": "x\n" }', 1, 8, 'not closed'],
    [`{"a":\n${'['.repeat(100_000)}`, 2, 200, 'nested'],
  ])('says where %j is broken', (text, line, column, what) => {
    const error = thrownBy(() => parseMachineConfig(text));
    expect(error.code).toBe('machine-config/syntax');
    expect(error.details).toEqual({ line, column });
    expect(error.message).toContain(what);
  });

  it('wants an object', () => {
    for (const text of ['[]', '"text"', '12', 'null']) {
      expect(thrownBy(() => parseMachineConfig(text)).code).toBe('machine-config/shape');
    }
  });

  it('refuses a key that is there twice, wherever it is', () => {
    const error = thrownBy(() => parseMachineConfig('{"a": [{"b": {"c": 1,\n "c": 2}}]}'));
    expect(error.code).toBe('machine-config/duplicate-key');
    expect(error.details).toEqual({ line: 2, column: 2, key: 'c' });
  });

  it('reads around comments, trailing commas and a byte order mark, and reports them', () => {
    const { value, issues } = parseMachineConfig(fixture('comments-pasted-in.jsonc'));
    expect(value['services']).toMatchObject([{ name: 'OTA' }]);
    expect(issues).toMatchObject([
      {
        code: 'machine-config/not-strict',
        severity: 'warning',
        location: { kind: 'text', line: 2, column: 5 },
      },
    ]);
    expect(parseMachineConfig('{"a": [1,]}').issues[0]?.message).toContain('a trailing comma');
    expect(parseMachineConfig(fixture('app-triplet.json')).issues).toEqual([]);
  });

  it('keeps __proto__ an ordinary key', () => {
    const { value } = parseMachineConfig('{"__proto__": {"polluted": true}}');
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
