import type { ByteRange } from './byte-range.ts';

/** Which bytes of an image a device has, from however many requests. */
export class Coverage {
  #ranges: readonly ByteRange[] = [];

  /** Adds a range, which may touch or overlap others. */
  add(added: ByteRange): void {
    if (added.end <= added.start) return;
    const apart = this.#ranges.filter(({ start, end }) => end < added.start || start > added.end);
    const joined = this.#ranges.filter(
      ({ start, end }) => end >= added.start && start <= added.end,
    );
    const start = Math.min(added.start, ...joined.map((range) => range.start));
    const end = Math.max(added.end, ...joined.map((range) => range.end));
    this.#ranges = [...apart, { start, end }];
  }

  get coveredBytes(): number {
    return this.#ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** How many ranges with gaps between them. */
  get pieces(): number {
    return this.#ranges.length;
  }

  /** How many bytes there would be with one range more. */
  with(range: ByteRange): number {
    const joint = this.#ranges.reduce(
      (sum, { start, end }) =>
        sum + Math.max(0, Math.min(end, range.end) - Math.max(start, range.start)),
      0,
    );
    return this.coveredBytes + Math.max(0, range.end - range.start) - joint;
  }
}
