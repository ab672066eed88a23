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
