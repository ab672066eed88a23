const DRAWN_AT_ONCE = 1024;

/** Numbers from 0 up to, not including, 1. The bytes are drawn for many: each draw is a system call. */
export function createChance(randomBytes: (count: number) => Uint8Array): () => number {
  let drawn = new Uint8Array();
  let used = 0;
  return () => {
    if (used >= drawn.length) {
      drawn = new Uint8Array(randomBytes(DRAWN_AT_ONCE));
      used = 0;
    }
    const [high = 0, low = 0] = drawn.subarray(used, used + 2);
    used += 2;
    return (high * 256 + low) / 65_536;
  };
}
