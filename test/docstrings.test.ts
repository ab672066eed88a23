import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourceFiles } from './support/source-files.ts';

const texts = new Map(sourceFiles().map(({ path, text }) => [path, text]));

/** What users import: the index of every module except the command line and the dashboard. */
const publicIndexes = [...texts.keys()].filter(
  (path) => /^(?:[^/]+\/)?index\.ts$/.test(path) && !/^(?:cli|shared|web)\//.test(path),
);

interface Declaration {
  readonly name: string;
  readonly path: string;
  readonly documented: boolean;
}

/** Where a name that an index exports is declared, through as many indexes as it takes. */
function declarationOf(path: string, name: string): Declaration | null {
  const text = texts.get(path) ?? '';
  const keywords = 'function\\*?|const|class|interface|type';
  const declarations = [
    ...text.matchAll(new RegExp(`^export (?:async |abstract )?(?:${keywords}) ${name}\\b`, 'gm')),
  ];
  if (declarations.length > 0) {
    // One of several is enough: overloads, or a type and a value of one name.
    const documented = declarations.some(({ index }) =>
      text.slice(0, index).trimEnd().endsWith('*/'),
    );
    return { name, path, documented };
  }
  const onward = exportsOf(path).find((item) => item.name === name);
  return onward === undefined ? null : declarationOf(onward.path, onward.original);
}

interface PassedOn {
  readonly name: string;
  readonly original: string;
  readonly path: string;
}

/** The names that a file passes on from others, and from where. */
function exportsOf(path: string): readonly PassedOn[] {
  const text = texts.get(path) ?? '';
  const whole = [...text.matchAll(/^export \* from '([^']+)'/gm)].flatMap((match) =>
    exportsOf(posix.join(posix.dirname(path), match[1] ?? '')),
  );
  const named = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm)].flatMap(
    (match) =>
      (match[1] ?? '')
        .split(',')
        .map((item) => item.trim().replace(/^type /, ''))
        .filter((item) => item !== '')
        .map((item) => {
          const [original = '', name = original] = item.split(' as ');
          return { name, original, path: posix.join(posix.dirname(path), match[2] ?? '') };
        }),
  );
  return [...named, ...whole];
}

describe('the public interface', () => {
  it('has a docstring for every module', () => {
    expect(publicIndexes.length).toBeGreaterThan(5);
    expect(
      publicIndexes.filter((path) => !/^\/\*\*[^]*?@module\b[^]*?\*\//.test(texts.get(path) ?? '')),
    ).toEqual([]);
  });

  it('has a docstring for every export', () => {
    const found = publicIndexes.flatMap((path) =>
      exportsOf(path).map(
        (item) =>
          declarationOf(item.path, item.original) ?? {
            name: item.name,
            path: `${item.path} (not found)`,
            documented: false,
          },
      ),
    );
    expect(found.length).toBeGreaterThan(100);
    expect(
      found.filter(({ documented }) => !documented).map(({ path, name }) => `${path}: ${name}`),
    ).toEqual([]);
  });
});
