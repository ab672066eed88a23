/** A part of a representation: from `start` up to, but without, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a `Range` header asks for, after RFC 9110 §14. */
export type RangeRequest =
  /** No range, one that is malformed, or several: all of it with 200. */
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly range: ByteRange }
  /** Nothing of what was asked for exists: 416. */
  | { readonly kind: 'unsatisfiable' };

const WHOLE: RangeRequest = { kind: 'whole' };

/**
 * Reads a `Range` header. An end past the last byte is clamped, as ESP-IDF's resumption needs it
 * (it asks for one byte too many). Several ranges are answered whole, which the RFC allows and which
 * keeps overlapping ranges from being an amplifier. What is no byte range at all is ignored.
 */
export function parseRange(header: string | undefined, sizeBytes: number): RangeRequest {
  const set = /^bytes[ \t]*=(.*)$/i.exec(header ?? '')?.[1];
  if (set === undefined) return WHOLE;
  const ranges: (ByteRange | null)[] = [];
  for (const part of set.split(',')) {
    const spec = part.trim();
    if (spec === '') continue;
    const range = parseSpec(spec, sizeBytes);
    if (range === 'malformed') return WHOLE;
    ranges.push(range);
  }
  if (ranges.length === 0) return WHOLE;
  if (ranges.every((range) => range === null)) return { kind: 'unsatisfiable' };
  const only = ranges.length === 1 ? ranges[0] : null;
  return only ? { kind: 'part', range: only } : WHOLE;
}

/** One `first-last`, `first-` or `-suffix`; `null` where no byte of it exists. */
function parseSpec(spec: string, sizeBytes: number): ByteRange | null | 'malformed' {
  const match = /^(\d*)-(\d*)$/.exec(spec);
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return 'malformed';
  if (first === '') {
    const suffix = Math.min(Number(last), sizeBytes);
    return suffix === 0 ? null : { start: sizeBytes - suffix, end: sizeBytes };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'malformed';
  if (start >= sizeBytes) return null;
  return { start, end: last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) };
}
