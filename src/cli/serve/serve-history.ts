import { mkdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeOutputFile } from '../files.ts';

/** What was served from a path last. */
export interface ServedBefore {
  readonly version: string | null;
  readonly tag: string;
  readonly sha256: string;
}

/** Paths that were not served for long fall out beyond this. */
const MOST_PATHS = 200;

/** What was served from which path, kept so that a repeated version or tag is noticed. */
export interface ServeHistory {
  last(imagePath: string): ServedBefore | null;
  remember(imagePath: string, served: ServedBefore): Promise<void>;
}

/** Opens the history; one that is missing or damaged is as good as none, since it only warns. */
export async function openServeHistory(path: string): Promise<ServeHistory> {
  const entries = new Map(await readEntries(path));
  return {
    last: (imagePath) => entries.get(resolve(imagePath)) ?? null,
    remember: async (imagePath, served) => {
      const key = resolve(imagePath);
      entries.delete(key);
      entries.set(key, served);
      const kept = [...entries].slice(-MOST_PATHS);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeOutputFile(path, `${JSON.stringify(kept, null, 2)}\n`, { overwrite: true });
    },
  };
}

async function readEntries(path: string): Promise<readonly (readonly [string, ServedBefore])[]> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'));
    return Array.isArray(parsed) ? parsed.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(value: unknown): value is readonly [string, ServedBefore] {
  if (!Array.isArray(value) || typeof value[0] !== 'string') return false;
  const served = value[1] as Partial<Record<keyof ServedBefore, unknown>> | null | undefined;
  return typeof served?.tag === 'string' && typeof served.sha256 === 'string';
}
