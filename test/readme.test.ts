import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allCodes, codeTable, TABLE_END, TABLE_START } from './support/code-catalogues.ts';
import { REPOSITORY } from './support/source-files.ts';

const readme = readFileSync(join(REPOSITORY, 'README.md'), 'utf8');

describe('the README', () => {
  it('lists exactly the codes that the code has (npm run codes writes the table)', async () => {
    const codes = await allCodes();
    expect(Object.keys(codes).length).toBeGreaterThan(3);
    const table = readme.slice(
      readme.indexOf(TABLE_START) + TABLE_START.length,
      readme.indexOf(TABLE_END),
    );
    expect(table.trim()).toBe(codeTable(codes));
  });
});
