import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { referencedBlobs } from './database-file.ts';

const KEPT = '.before-restore-';

/** Each has what a whole fleet had, and the bytes of its artifacts stay because of it. */
const MOST_KEPT = 3;

/** Where a database goes that a restore replaces. */
export function keptName(database: string, unique: string): string {
  return `${database}${KEPT}${unique}`;
}

/** Removes what restores replaced long ago: all but the last few. */
export async function pruneKept(database: string): Promise<void> {
  const kept = await listKept(database);
  for (const file of kept.slice(MOST_KEPT)) await rm(file, { force: true });
}

/**
 * The digests of all bytes that the kept databases refer to, so that going back to one is possible; `null`
 * where one of them cannot be read now, so that it may need any.
 */
export async function keptBlobs(database: string): Promise<ReadonlySet<string> | null> {
  const blobs = new Set<string>();
  for (const file of await listKept(database)) {
    const referenced = referencedBlobs(file);
    if (referenced === null) return null;
    for (const sha256 of referenced) blobs.add(sha256);
  }
  return blobs;
}

/** The one that was replaced last is first. */
async function listKept(database: string): Promise<readonly string[]> {
  const folder = dirname(database);
  const names = (await readdir(folder)).filter((name) =>
    name.startsWith(keptName(basename(database), '')),
  );
  const dated: { readonly file: string; readonly changedMs: number }[] = [];
  for (const name of names) {
    const file = join(folder, name);
    // Written long before, perhaps; that it was put aside is what changed last.
    dated.push({ file, changedMs: (await stat(file)).ctimeMs });
  }
  return dated.toSorted((a, b) => b.changedMs - a.changedMs).map(({ file }) => file);
}
