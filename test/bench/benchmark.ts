/** One number of ours beside the same number of a peer, measured in the same run. */
export interface Measurement {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  /** `null` where the peer is not installed; `name` then says which it would have been. */
  readonly peer: { readonly name: string; readonly value: number | null };
  readonly better: 'lower' | 'higher';
}

/** What a file in this folder exports as `benchmark`; its file name is what `npm run bench` takes. */
export interface Benchmark {
  readonly title: string;
  run(report: (measurement: Measurement) => void): Promise<void>;
}

/** The middle one of the values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
