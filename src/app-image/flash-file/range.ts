import { type ByteSource, memorySource } from '../../shared/index.ts';

/** Bytes with their place in flash. */
export interface FlashRange {
  readonly flashOffset: number;
  readonly bytes: Uint8Array;
}

/** The first byte of flash behind a range. */
export function rangeEnd({ flashOffset, bytes }: FlashRange): number {
  return flashOffset + bytes.length;
}

interface JoinedRange {
  readonly flashOffset: number;
  end: number;
  readonly members: { readonly range: FlashRange; readonly order: number }[];
}

/** Ranges in the order of flash, those that touch joined into one. Later ones win where they overlap. */
export function joinRanges(ranges: readonly FlashRange[]): readonly FlashRange[] {
  const joined: JoinedRange[] = [];
  const sorted = ranges
    .map((range, order) => ({ range, order }))
    .sort((a, b) => a.range.flashOffset - b.range.flashOffset);
  for (const member of sorted) {
    const { flashOffset } = member.range;
    const end = rangeEnd(member.range);
    const last = joined.at(-1);
    if (last !== undefined && flashOffset <= last.end) {
      last.end = Math.max(last.end, end);
      last.members.push(member);
    } else {
      joined.push({ flashOffset, end, members: [member] });
    }
  }
  return joined.map(({ flashOffset, end, members }) => {
    const [first] = members;
    if (members.length === 1 && first !== undefined) return first.range;
    const bytes = new Uint8Array(end - flashOffset);
    for (const { range } of members.sort((a, b) => a.order - b.order)) {
      bytes.set(range.bytes, range.flashOffset - flashOffset);
    }
    return { flashOffset, bytes };
  });
}

/**
 * Flash contents as if they were one file from offset 0, with 0xFF where no range lies. Only what is
 * read is made up, so that two small parts 16 MB apart do not cost 16 MB.
 */
export function rangesSource(ranges: readonly FlashRange[]): ByteSource {
  const sizeBytes = ranges.reduce((size, range) => Math.max(size, rangeEnd(range)), 0);
  // An empty memory source of the same size would hold it all; only its refusal to read past is needed.
  const nothing = memorySource(new Uint8Array(0));
  return {
    sizeBytes,
    read: async (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > sizeBytes) {
        return nothing.read(offset, Math.max(1, length));
      }
      const window = new Uint8Array(length).fill(0xff);
      for (const range of ranges) {
        const start = Math.max(offset, range.flashOffset);
        const end = Math.min(offset + length, rangeEnd(range));
        if (start >= end) continue;
        const from = start - range.flashOffset;
        window.set(range.bytes.subarray(from, from + end - start), start - offset);
      }
      return window;
    },
  };
}
