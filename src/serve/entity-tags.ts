/** Whether a list of entity tags, as `If-None-Match` and `If-Match` carry it, has the strong tag `own`. */
export function listsEntityTag(
  header: string,
  own: string,
  comparison: 'weak' | 'strong',
): boolean {
  if (header.trim() === '*') return true;
  for (const [tag] of header.matchAll(/(?:W\/)?"[^"]*"/g)) {
    if (tag === own || (comparison === 'weak' && tag === `W/${own}`)) return true;
  }
  return false;
}
