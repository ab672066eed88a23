import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder, with a trailing slash. */
export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** A TypeScript file of the product, with the modules that it imports. */
export interface SourceFile {
  /** Relative to `src/`, with `/` on every system. */
  readonly path: string;
  readonly text: string;
  /** As written, static and dynamic, types included. */
  readonly imports: readonly string[];
}

/** Every TypeScript file below `src/`. */
export function sourceFiles(): readonly SourceFile[] {
  const root = join(REPOSITORY, 'src');
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const text = readFileSync(file, 'utf8');
      return { path: relative(root, file).split(sep).join('/'), text, imports: importsOf(text) };
    });
}

function importsOf(text: string): readonly string[] {
  const patterns = [
    /^(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^import\s*['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''));
}
