import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import { Coverage } from '../../src/serve/coverage.ts';

describe('Coverage', () => {
  it('counts every byte once, whatever overlaps', () => {
    const range = fc
      .tuple(fc.nat(60), fc.nat(60))
      .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 12 }), range, (ranges, more) => {
        const coverage = new Coverage();
        const bytes = new Set<number>();
        const addAll = (start: number, end: number) => {
          for (let at = start; at < end; at += 1) bytes.add(at);
        };
        for (const one of ranges) {
          coverage.add(one);
          addAll(one.start, one.end);
        }
        expect(coverage.coveredBytes).toBe(bytes.size);
        addAll(more.start, more.end);
        expect(coverage.with(more)).toBe(bytes.size);
      }),
    );
    expect(new Coverage().coveredBytes).toBe(0);
  });
});
