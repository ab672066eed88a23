import { readFileSync } from 'node:fs';

/** A machine config as it was seen in the wild, by its file name. */
export function fixture(name: string): string {
  return readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
}
