/** How slow a reader may be before the server ends the download. */
export interface Patience {
  /** The longest time without any progress. A device erases its slot for up to half a minute first. */
  readonly stallMs: number;
  /** Time that every download may take, however small it is and however slow the reader. */
  readonly graceMs: number;
  /** Beyond that, the slowest average rate: what trickles for ever is ended. */
  readonly minBytesPerSecond: number;
}

export const DEFAULT_PATIENCE: Patience = {
  stallMs: 180_000,
  graceMs: 600_000,
  minBytesPerSecond: 1024,
};

/** How long a whole download may take at most. */
export function longestDownloadMs(patience: Patience, sizeBytes: number): number {
  return patience.graceMs + (sizeBytes / patience.minBytesPerSecond) * 1000;
}
