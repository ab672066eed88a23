/** A source of chance that can be repeated (mulberry32): numbers from 0 up to 1. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Numbers at which code breaks: signs, ends, what barely fits. */
const EDGES = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
];

/**
 * A damaged copy of one of the seeds: bits flipped, lengths made extreme, cut, stretched, spliced with
 * another. A few changes at a time, so that most inputs get past the first check.
 */
export function mutate(
  seeds: readonly Uint8Array[],
  words: readonly string[],
  random: () => number,
): Uint8Array<ArrayBuffer> {
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = () => seeds[below(seeds.length)] ?? new Uint8Array();
  let bytes = Uint8Array.from(pick());
  for (let left = 1 + below(4); left > 0; left -= 1) {
    bytes = MUTATIONS[below(MUTATIONS.length)]?.(bytes, { below, pick, words }) ?? bytes;
  }
  return bytes;
}

interface Chance {
  readonly below: (limit: number) => number;
  readonly pick: () => Uint8Array;
  readonly words: readonly string[];
}

type Mutation = (bytes: Uint8Array<ArrayBuffer>, chance: Chance) => Uint8Array<ArrayBuffer>;

const MUTATIONS: readonly Mutation[] = [
  (bytes, { below }) => {
    const at = below(bytes.length);
    if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    return bytes;
  },
  (bytes, { below }) => {
    if (bytes.length > 0) bytes[below(bytes.length)] = EDGES[below(EDGES.length)] ?? 0;
    return bytes;
  },
  (bytes, { below }) => {
    if (bytes.length < 4) return bytes;
    const at = below(bytes.length - 3);
    const value = EDGES[below(EDGES.length)] ?? 0;
    new DataView(bytes.buffer).setUint32(below(2) === 0 ? at : at & ~3, value, true);
    return bytes;
  },
  (bytes, { below }) => bytes.slice(0, below(bytes.length + 1)),
  (bytes, { below }) => joined([bytes, new Uint8Array(below(70)).fill(below(2) * 0xff)]),
  (bytes, { below }) => {
    const from = below(bytes.length + 1);
    return joined([bytes.subarray(0, from), bytes.subarray(from + below(40))]);
  },
  (bytes, { below }) => {
    const from = below(bytes.length + 1);
    const to = Math.min(bytes.length, from + below(64));
    return joined([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  (bytes, { below, pick }) => {
    const other = pick();
    return joined([
      bytes.subarray(0, below(bytes.length + 1)),
      other.subarray(below(other.length + 1)),
    ]);
  },
  (bytes, { below, words }) => {
    const at = below(bytes.length + 1);
    const word = words[below(words.length)] ?? String.fromCharCode(below(0x300));
    return joined([bytes.subarray(0, at), new TextEncoder().encode(word), bytes.subarray(at)]);
  },
];

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
