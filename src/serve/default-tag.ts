/**
 * The tag of an image that was given none: its version and the start of its SHA-256, as in
 * `1.4.0-3f2a9c1b`. The same bytes have the same tag and other bytes another, so that a device updates
 * exactly when there is something new.
 */
export function defaultTag(version: string | null, sha256: string): string {
  const clean = (version ?? '').replaceAll(/[^\w.+~-]+/g, '-').replaceAll(/^-+|-+$/g, '');
  const hash = sha256.slice(0, 8);
  return clean === '' ? hash : `${clean}-${hash}`;
}
