import { describe, expect, it } from 'vitest';
import { DISCOVERY_CODES } from '../../src/discovery/index.ts';
import { factsFromText, factsToText, type ServerFacts } from '../../src/discovery/server-facts.ts';

const FACTS: ServerFacts = {
  tag: 'v1.4.0',
  sha256: 'ab'.repeat(32),
  sizeBytes: 1_048_576,
  chip: 'esp32c3',
  projectName: 'lamp',
  needsToken: true,
};

describe('the facts of a server', () => {
  it.each([FACTS, { ...FACTS, chip: null, projectName: null, needsToken: false, tag: '' }])(
    'come back as they were announced',
    (facts) => {
      expect(factsFromText(new Map(Object.entries(factsToText(facts))))).toEqual(facts);
    },
  );

  it('have no place for a path or a token', () => {
    expect(Object.keys(factsToText(FACTS))).toEqual([
      'txtvers',
      'tag',
      'sha256',
      'size',
      'auth',
      'chip',
      'project',
    ]);
  });

  it('must each fit a DNS text string', () => {
    expect(DISCOVERY_CODES['discovery/fact-too-long'].kind).toBe('usage');
    expect(factsToText({ ...FACTS, tag: 'é'.repeat(125) })['tag']).toHaveLength(125);
    expect(() => factsToText({ ...FACTS, tag: 'é'.repeat(126) })).toThrow(
      expect.objectContaining({
        code: 'discovery/fact-too-long',
        details: { key: 'tag', lengthBytes: 256, limitBytes: 255 },
      }),
    );
  });

  it('are null where a text is not ours', () => {
    const good = Object.entries(factsToText(FACTS));
    const without = (key: string) => new Map(good.filter(([name]) => name !== key));
    expect(factsFromText(new Map())).toBeNull();
    expect(factsFromText(without('tag'))).toBeNull();
    expect(factsFromText(without('sha256'))).toBeNull();
    expect(factsFromText(new Map([...good, ['size', '1e9']]))).toBeNull();
  });
});
