import { describe, expect, it } from 'vitest';
import { defaultTag } from '../../src/serve/index.ts';

describe('defaultTag', () => {
  it.each([
    ['1.4.0', '1.4.0-3f2a9c1b'],
    ['v0.5.1-57-ge85ab4c4-dirty', 'v0.5.1-57-ge85ab4c4-dirty-3f2a9c1b'],
    ['my app\u001b[2J', 'my-app-2J-3f2a9c1b'],
    ['', '3f2a9c1b'],
    ['--', '3f2a9c1b'],
    [null, '3f2a9c1b'],
  ])('of version %j is %s', (version, tag) => {
    expect(defaultTag(version, `3f2a9c1b${'0'.repeat(56)}`)).toBe(tag);
  });
});
