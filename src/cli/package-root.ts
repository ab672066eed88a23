import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * The folder of the package, with what it ships beside the code (`package.json`, `partitions/`). Found
 * by the package's own name, because the build bundles this file to another depth.
 */
export const PACKAGE_ROOT = new URL(
  '.',
  pathToFileURL(createRequire(import.meta.url).resolve('otakit/package.json')),
);

/** The version in the package's own `package.json`. */
export function packageVersion(): string {
  const file = new URL('package.json', PACKAGE_ROOT);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
