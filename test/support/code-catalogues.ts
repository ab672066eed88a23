import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import type { CodeCatalogue } from '../../src/shared/index.ts';
import { REPOSITORY, sourceFiles } from './source-files.ts';

/** Every `…_CODES` catalogue that a file below `src/` exports, merged, in alphabetical order. */
export async function allCodes(): Promise<CodeCatalogue> {
  const merged: Record<string, CodeCatalogue[string]> = {};
  for (const file of sourceFiles()) {
    if (!/^export const \w+_CODES\b/m.test(file.text)) continue;
    const url = pathToFileURL(join(REPOSITORY, 'src', file.path)).href;
    const exported = (await import(url)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(exported)) {
      if (name.endsWith('_CODES')) Object.assign(merged, value as CodeCatalogue);
    }
  }
  return Object.fromEntries(Object.entries(merged).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The README's table of codes, as it should read. */
export function codeTable(codes: CodeCatalogue): string {
  const rows = Object.entries(codes).map(
    ([code, { kind, meaning }]) => `| \`${code}\` | ${kind} | ${meaning} |`,
  );
  return ['| code | kind | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Between these comments the README holds the table. */
export const TABLE_START = '<!-- codes: written by `npm run codes` -->';
export const TABLE_END = '<!-- /codes -->';
