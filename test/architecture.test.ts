import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type SourceFile, sourceFiles } from './support/source-files.ts';

/** The levels of the house: a module may import from lower levels and from itself. */
const LEVEL: Readonly<Record<string, number>> = {
  shared: 0,
  chips: 1,
  'partition-table': 1,
  'app-image': 1,
  'flash-data': 1,
  delta: 1,
  'machine-config': 2,
  transport: 2,
  discovery: 2,
  flash: 3,
  serve: 3,
  fleet: 3,
  server: 4,
  simulator: 4,
  cli: 5,
  web: 5,
};

/** Within level 1 the format modules build on each other in this order, and never the other way. */
const FORMAT_ORDER = ['chips', 'partition-table', 'app-image', 'flash-data', 'delta'];

/** Each foreign library with a home of its own, and the folder that is it. */
const HOME: Readonly<Record<string, string>> = {
  'esptool-js': 'flash/',
  serialport: 'transport/',
  koffi: 'transport/',
  express: 'server/',
  kysely: 'fleet/storage/',
  pg: 'fleet/storage/',
  'node:sqlite': 'fleet/storage/',
  commander: 'cli/',
  '@homebridge/ciao': 'discovery/',
  'multicast-dns': 'discovery/',
  'bonjour-service': 'discovery/',
  '@viamrobotics/sdk': 'machine-config/',
  'jsonc-parser': 'machine-config/',
  '@bufbuild/protobuf': 'simulator/viam-cloud/',
};

/** Globals that come from Node alone and would break a format module in a browser. */
const NODE_GLOBALS = /(?<![\w.'"`-])(?:process|Buffer|require|__dirname|__filename)\b(?=[.([])/;

const files = sourceFiles();
const moduleOf = (path: string) => (path.includes('/') ? (path.split('/')[0] ?? '') : '');
const isPure = (path: string) => (LEVEL[moduleOf(path)] ?? 9) <= 1;

/** The relative imports of a file, resolved to paths below `src/`. */
function internalImports(file: SourceFile): readonly string[] {
  return file.imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.normalize(posix.join(posix.dirname(file.path), specifier)));
}

function findings(check: (file: SourceFile) => readonly string[]): readonly string[] {
  return files.flatMap((file) => check(file).map((what) => `${file.path}: ${what}`));
}

describe('the house', () => {
  it('has files to look at, and imports in them', () => {
    expect(files.length).toBeGreaterThan(10);
    expect(files.flatMap((file) => file.imports).length).toBeGreaterThan(20);
  });

  it('has only modules that the map knows', () => {
    const unknown = new Set(files.map((file) => moduleOf(file.path)).filter((name) => name !== ''));
    expect([...unknown].filter((name) => LEVEL[name] === undefined)).toEqual([]);
  });

  it('lets imports go down a level or stay inside the module', () => {
    expect(
      findings((file) => {
        const from = moduleOf(file.path);
        if (from === '') return [];
        return internalImports(file).filter((target) => {
          const to = moduleOf(target);
          if (to === from) return false;
          const fromLevel = LEVEL[from] ?? -1;
          const toLevel = LEVEL[to] ?? 99;
          if (fromLevel === 1 && toLevel === 1) {
            return FORMAT_ORDER.indexOf(to) > FORMAT_ORDER.indexOf(from);
          }
          return toLevel >= fromLevel;
        });
      }),
    ).toEqual([]);
  });

  it('enters another module through its index.ts only', () => {
    expect(
      findings((file) =>
        internalImports(file).filter(
          (target) =>
            moduleOf(target) !== moduleOf(file.path) &&
            target !== `${moduleOf(target)}/index.ts` &&
            moduleOf(target) !== '',
        ),
      ),
    ).toEqual([]);
  });

  it('keeps levels 0 and 1 pure: nothing from Node, so that they run in a browser', () => {
    const pure = files.filter((file) => isPure(file.path));
    expect(pure.length).toBeGreaterThan(5);
    expect(
      pure.flatMap((file) => [
        ...file.imports.filter((name) => name.startsWith('node:')).map((n) => `${file.path}: ${n}`),
        ...(NODE_GLOBALS.test(withoutComments(file.text)) ? [`${file.path}: a Node global`] : []),
      ]),
    ).toEqual([]);
  });

  it('gives every foreign library one home', () => {
    expect(
      findings((file) =>
        file.imports.filter((name) => {
          const home = Object.entries(HOME).find(
            ([library]) => name === library || name.startsWith(`${library}/`),
          )?.[1];
          return home !== undefined && !file.path.startsWith(home);
        }),
      ),
    ).toEqual([]);
  });

  it('keeps the simulator able to disagree with the flasher', () => {
    expect(
      findings((file) =>
        moduleOf(file.path) === 'simulator'
          ? internalImports(file).filter((target) => moduleOf(target) === 'flash')
          : [],
      ),
    ).toEqual([]);
  });

  it('keeps files to one idea: none over 400 lines', () => {
    expect(
      findings((file) => {
        const lines = file.text.split('\n').length;
        return lines > 400 ? [`${lines} lines`] : [];
      }),
    ).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\/\/.*$/gm, '');
}
