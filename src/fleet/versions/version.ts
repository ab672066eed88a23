import semver from 'semver';

/**
 * A version as somebody wrote it. Only two that follow Semantic Versioning have an order; all others
 * are the same or not the same, which is why the two kinds cannot be mistaken for each other here and
 * why no version is ever compared as text.
 */
export type Version = SemanticVersion | OpaqueVersion;

/**
 * What is used of the library's class. Its own type would reach whoever imports this package, and
 * would be missing there: it comes with `@types/semver`, which only this repository installs.
 */
export interface ParsedVersion {
  compare(other: ParsedVersion | string): -1 | 0 | 1;
  compareBuild(other: ParsedVersion | string): -1 | 0 | 1;
}

/** `1.2.3`, `v1.2.3`, `1.2.3-rc.1+build.5`. */
export interface SemanticVersion {
  readonly kind: 'semantic';
  readonly text: string;
  readonly parsed: ParsedVersion;
}

/** Anything else, such as `2026-11-21` or a commit id. */
export interface OpaqueVersion {
  readonly kind: 'opaque';
  readonly text: string;
}

/** As many characters as a version tag may have; app descriptors have room for 31. */
export const LONGEST_VERSION = 128;

/** Reads a version; never fails, since any text may be one. */
export function parseVersion(text: string): Version {
  const parsed = semver.parse(text);
  return parsed === null ? { kind: 'opaque', text } : { kind: 'semantic', text, parsed };
}

/**
 * By precedence (Semantic Versioning 2.0.0 §11): build metadata does not count, and `1.2.3-4-gabc`, as
 * `git describe` says it after the tag, comes *before* `1.2.3`.
 *
 * @returns below 0, 0 or above 0 as `a` is older, of the same age or newer
 */
export function compareVersions(a: SemanticVersion, b: SemanticVersion): number {
  return a.parsed.compare(b.parsed);
}

/**
 * Whether two texts name the same version: the same text, or the same semantic version with the same
 * build metadata (so `v1.2.3` is `1.2.3`, but `1.2.3+a` is not `1.2.3+b`, which are different builds).
 */
export function sameVersion(a: string, b: string): boolean {
  if (a === b) return true;
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return (
    left.kind === 'semantic' &&
    right.kind === 'semantic' &&
    left.parsed.compare(right.parsed) === 0 &&
    left.parsed.compareBuild(right.parsed) === 0
  );
}
