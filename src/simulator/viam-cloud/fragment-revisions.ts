import type { JsonObject } from '../../machine-config/index.ts';
import type { StoredFragment } from './state.ts';

/** What a fragment was, or is, from one write to the next. */
export interface FragmentRevision {
  /** From 1 on. */
  readonly number: number;
  readonly name: string;
  readonly config: JsonObject;
  readonly updatedAtMs: number;
}

/** All revisions of a fragment, oldest first; the last one is what it is now. */
export function revisionsOf(fragment: StoredFragment): readonly FragmentRevision[] {
  return [...fragment.history, fragment].map(({ name, config, updatedAtMs }, index) => ({
    number: index + 1,
    name,
    config,
    updatedAtMs,
  }));
}

/**
 * The revision of a fragment that a version is: a tag, or the number of a revision.
 *
 * @param version the newest one where it is left out
 */
export function revisionAt(fragment: StoredFragment, version = ''): FragmentRevision | undefined {
  const revisions = revisionsOf(fragment);
  if (version === '') return revisions.at(-1);
  const number = fragment.tags.get(version) ?? Number(version);
  return revisions.find((revision) => revision.number === number);
}

/** A tag as the app takes it: no number, and nothing that looks like a version. */
export function isTagName(tag: string): boolean {
  return /^[a-uw-z_-][a-z0-9_-]{0,59}$/.test(tag);
}
