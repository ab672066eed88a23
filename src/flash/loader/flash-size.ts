const KB = 1024;
const MB = 1024 * KB;

/** Where the third byte of the id is not simply the size as a power of two. */
const ODD_CAPACITIES = new Map<number, number>([
  [0x20, 64 * MB],
  [0x21, 128 * MB],
  [0x22, 256 * MB],
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((step): [number, number] => [0x32 + step, (256 * KB) << step]),
]);

/** The size that a flash's JEDEC id stands for, or `null` where it means nothing. */
export function flashSizeOf(id: number): number | null {
  const capacity = (id >> 16) & 0xff;
  if (capacity >= 0x12 && capacity <= 0x1c) return 2 ** capacity;
  return ODD_CAPACITIES.get(capacity) ?? null;
}
