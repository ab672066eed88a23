import { describe, expect, it } from 'vitest';
import { describeEntity, valueText } from '../../../src/cli/fleet/describe.ts';
import { entityTable } from '../../../src/cli/fleet/entity-table.ts';

describe('describeEntity', () => {
  it('says fields in words and numbers in their units', () => {
    const text = describeEntity({
      rolloutId: 'rol_1',
      sizeBytes: 1_048_576,
      soakMs: 600_000,
      canaryPercent: 5,
      createdAtMs: 0,
      tags: [],
      note: null,
      autoRollback: true,
      revision: 3,
    });
    expect(text.split('\n')).toEqual([
      'rollout id     rol_1',
      'size           1 MB',
      'soak           10 min 0 s',
      'canary         5 %',
      'created        1970-01-01 00:00:00Z',
      'tags           -',
      'note           -',
      'auto rollback  yes',
      '',
    ]);
  });

  it('indents what is nested', () => {
    const text = describeEntity({
      state: { kind: 'paused', by: 'threshold' },
      list: [{ a: 1 }, { a: 2 }],
    });
    expect(text).toBe('state\n  kind  paused\n  by    threshold\nlist\n  a  1\n\n  a  2\n');
  });

  it('lets no control character of a device reach the terminal', () => {
    expect(describeEntity({ name: 'a\u001B[31mb' })).not.toContain('\u001B');
    expect(entityTable([{ title: 'name', value: () => '\u001B[31m' }], [{}])).not.toContain(
      '\u001B',
    );
  });

  it('keeps the lines of a text below each other', () => {
    expect(describeEntity({ table: '# a\nb\n' })).toBe('table  # a\n       b\n');
  });

  it.each([
    ['x', undefined, '-'],
    ['x', ['a', 'b'], 'a, b'],
    ['x', { a: 1 }, '{"a":1}'],
    ['x', 7, '7'],
  ])('%s: %j is %s', (name, value, text) => {
    expect(valueText(name, value)).toBe(text);
  });
});
