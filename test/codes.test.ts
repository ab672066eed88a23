import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allCodes } from './support/code-catalogues.ts';
import { REPOSITORY } from './support/source-files.ts';

const root = join(REPOSITORY, 'test');
const tests = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(root, name), 'utf8'));

describe('the codes', () => {
  it('are each expected by name in some test', async () => {
    expect(tests.length).toBeGreaterThan(3);
    const named = (code: string) =>
      tests.some((text) => text.includes(`'${code}'`) || text.includes(`${code}:`));
    expect(Object.keys(await allCodes()).filter((code) => !named(code))).toEqual([]);
  });

  it('say what is wrong in a sentence', async () => {
    for (const [code, { meaning }] of Object.entries(await allCodes())) {
      expect(meaning).toMatch(/^[^a-z].*\.$/s);
      expect(code).toMatch(/^[a-z-]+\/[a-z0-9-]+$/);
    }
  });
});
