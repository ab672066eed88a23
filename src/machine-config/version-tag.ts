import type { Issue } from '../shared/index.ts';
import type { MachineConfigCode } from './codes.ts';

/** The most bytes (UTF-8) that a device takes as a version tag. */
export const MAX_TAG_BYTES = 128;

/** What is known of an image when a tag is made for it. */
export interface TagFacts {
  /** The version of the app descriptor, or of whatever else names the build. */
  readonly version?: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  /** A digest of the image in hex; its first characters go into the tag. */
  readonly hash?: string;
  /** The tag that the machine has now, from which the new one must differ. */
  readonly present?: string | null;
}

/**
 * A tag that no build had before: version, time (UTC, seconds) and the start of the hash, as in
 * `v1.4.0-20261121T014831Z-3f2a9c1b`. Sorts by time within a version.
 */
export function uniqueTag({ version, time, hash, present }: TagFacts): string {
  const stamp = new Date(time)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  const suffix = [stamp, ...(hash === undefined ? [] : [hash.slice(0, 8)])].join('-');
  const clean = (version ?? '').replaceAll(/[^\w.+~-]+/g, '-').replaceAll(/^-+|-+$/g, '');
  const base = clean.slice(0, MAX_TAG_BYTES - suffix.length - '-'.length - '-99'.length);
  const tag = base === '' ? suffix : `${base}-${suffix}`;
  return tag === present ? `${tag}-2` : tag;
}

/** Everything about a version tag that keeps a device from taking it, judged alone. */
export function checkTag(tag: string): readonly Issue<MachineConfigCode>[] {
  const bytes = new TextEncoder().encode(tag).length;
  if (tag === '') {
    return [
      {
        code: 'machine-config/tag-empty',
        severity: 'error',
        message: 'the version tag is empty, which is also what a new device has stored',
        hint: 'Give a tag with --tag, or let --bump make one.',
      },
    ];
  }
  if (bytes > MAX_TAG_BYTES) {
    return [
      {
        code: 'machine-config/tag-too-long',
        severity: 'error',
        message: `the version tag has ${bytes} bytes, and the device takes ${MAX_TAG_BYTES}`,
        hint: 'Shorten it; characters beyond ASCII count as 2 to 4 bytes.',
      },
    ];
  }
  if (tag.trim() === tag) return [];
  return [
    {
      code: 'machine-config/tag-spaces',
      severity: 'warning',
      message: `the version tag ${JSON.stringify(tag)} begins or ends with a blank`,
      hint: 'Blanks count: "v1 " is another version than "v1".',
    },
  ];
}

/** What the order of two tags looks like. Devices know no order, so this only ever warns. */
export function looksOlder(tag: string, present: string): boolean {
  const [a, b] = [parse(tag), parse(present)];
  if (a === null || b === null) return false;
  for (let index = 0; index < Math.max(a.numbers.length, b.numbers.length); index += 1) {
    const difference = (a.numbers[index] ?? 0) - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  if (a.rest === b.rest) return false;
  if (a.stamp !== null && b.stamp !== null) return a.stamp < b.stamp;
  // "1.2.0-rc1" comes before "1.2.0"; "1.2.0-5-gabc1234" (git describe) after it.
  const rank = ({ rest }: ParsedTag) => (rest === '' ? 0 : PRE_RELEASE.test(rest) ? -1 : 1);
  return rank(a) < rank(b);
}

interface ParsedTag {
  readonly numbers: readonly number[];
  readonly rest: string;
  readonly stamp: string | null;
}

const PRE_RELEASE = /^[-.]?(?:alpha|beta|rc|pre|dev|snapshot)/i;

function parse(tag: string): ParsedTag | null {
  const match = /^v?(\d{1,15}(?:\.\d{1,15}){0,3})(?![\d.])(.*)$/is.exec(tag);
  if (match === null) return null;
  const [, numbers = '', rest = ''] = match;
  const stamp = /(?<!\d)(\d{8}T\d{6}Z)/.exec(rest)?.[1] ?? null;
  return { numbers: numbers.split('.').map(Number), rest, stamp };
}
