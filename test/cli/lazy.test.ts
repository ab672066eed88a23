import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourceFiles } from '../support/source-files.ts';

const files = new Map(sourceFiles().map((file) => [file.path, file.text]));

/** What a file loads as soon as it is loaded itself: neither types nor `import()`. */
function staticImports(path: string): readonly string[] {
  const statements = (files.get(path) ?? '').matchAll(
    /^(?:import|export)\b(?! type\b)(?:[^'"`;]*?\bfrom)?\s*['"]([^'"]+)['"]/gm,
  );
  return [...statements].map((match) => {
    const specifier = match[1] ?? '';
    return specifier.startsWith('.')
      ? posix.join(posix.dirname(path), specifier)
      : specifier.replace(/^(@[^/]+\/[^/]+|[^@/][^/]*).*/, '$1');
  });
}

/** Everything that is loaded with a file. */
function loadedWith(path: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const next of staticImports(path)) loadedWith(next, seen);
  return seen;
}

describe('the command line', () => {
  it('answers --version before it loads anything of its own', () => {
    expect([...loadedWith('main.ts')].filter((name) => !name.startsWith('node:'))).toEqual([
      'main.ts',
    ]);
  });

  it('loads the code behind a command only when the command runs', () => {
    const loaded = [...loadedWith('cli/index.ts')];
    expect(loaded).toContain('cli/program.ts');
    // The definition of a noun is loaded when it is the one that was typed.
    expect(loaded.filter((name) => name.endsWith('/command.ts'))).toEqual([]);
    // What all commands share, and nothing that does work.
    const allowed = /^(cli\/.*|shared\/.*|node:.*|commander|@noble\/hashes)$/;
    expect(loaded.filter((name) => !allowed.test(name))).toEqual([]);
  });
});
