import type { DownloadEnd } from '../../../fleet/index.ts';
import { Coverage } from '../../../serve/index.ts';
import type { Clock } from '../../../shared/index.ts';

/** Bytes of an artifact that were sent to a device, by one request. */
export interface SentBytes {
  readonly deviceId: string;
  readonly packageId: string;
  readonly artifact: { readonly sha256: string; readonly sizeBytes: number };
  /** Of the first byte that was asked for. */
  readonly fromByte: number;
  readonly sentBytes: number;
  /** By the clock's `monotonicMs`. */
  readonly beganAtMs: number;
  /** Why it ended before all was sent; `null` where it did not. */
  readonly cut: DownloadEnd['reason'];
}

/** What one device has of one artifact. */
interface Entry {
  coverage: Coverage;
  /** What was being sent when the last request was cut off: how much of it arrived, the next one shows. */
  unsure: { readonly start: number; readonly end: number } | null;
  requests: number;
  sentBytes: number;
  beganAtMs: number;
  /** When the last end of a kind was told. */
  readonly toldAtMs: { completed: number; cut: number };
}

/** Devices that download at the same time and more; who was not heard of longest is forgotten first. */
const MOST_ENTRIES = 20_000;
/** Gaps of one download: whoever asks for every other byte is not followed any further. */
const MOST_PIECES = 256;
/** A device that downloads again and again, or is cut off each second, is told of no more often. */
const TOLD_EVERY_MS = 10_000;

/**
 * Follows what the server itself sends, whatever devices say of it: a download is complete when all of its
 * bytes were sent, in however many ranges or chunks. Only in memory, and told once per download: a chunk
 * costs no write. After a restart of the server a download that goes on is complete only if it begins anew.
 */
export class DownloadLedger {
  readonly #clock: Clock;
  readonly #tell: (deviceId: string, end: DownloadEnd) => Promise<void>;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, tell: (deviceId: string, end: DownloadEnd) => Promise<void>) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Notes what one request came to. Settles when what is to be told of it has been stored. */
  async note({ deviceId, packageId, artifact, ...sent }: SentBytes): Promise<void> {
    const { sha256, sizeBytes } = artifact;
    const { fromByte, sentBytes, beganAtMs, cut } = sent;
    const nowMs = this.#clock.monotonicMs();
    const entry = this.#touch(`${deviceId} ${packageId} ${sha256}`);
    if (entry.requests === 0) entry.beganAtMs = beganAtMs;
    entry.requests += 1;
    entry.sentBytes += sentBytes;
    // Who goes on where it was cut off has what comes before.
    const { unsure } = entry;
    if (unsure !== null && fromByte <= unsure.end) {
      entry.coverage.add({ start: unsure.start, end: fromByte });
    }
    const range = { start: fromByte, end: fromByte + sentBytes };
    entry.unsure = cut === null ? null : range;
    if (cut === null) entry.coverage.add(range);
    if (entry.coverage.pieces > MOST_PIECES) restart(entry);
    const isComplete = cut === null && entry.coverage.coveredBytes >= sizeBytes;
    if (cut === null && !isComplete) return;
    const kind = isComplete ? 'completed' : 'cut';
    const end: DownloadEnd = {
      kind,
      packageId,
      sha256,
      sizeBytes,
      coveredBytes: entry.coverage.coveredBytes,
      sentBytes: entry.sentBytes,
      requests: entry.requests,
      durationMs: nowMs - entry.beganAtMs,
      reason: cut,
    };
    if (isComplete) restart(entry);
    if (nowMs < entry.toldAtMs[kind] + TOLD_EVERY_MS) return;
    entry.toldAtMs[kind] = nowMs;
    await this.#tell(deviceId, end);
  }

  #touch(key: string): Entry {
    const known = this.#entries.get(key);
    const entry: Entry = known ?? {
      coverage: new Coverage(),
      unsure: null,
      requests: 0,
      sentBytes: 0,
      beganAtMs: 0,
      toldAtMs: { completed: -Infinity, cut: -Infinity },
    };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > MOST_ENTRIES) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    return entry;
  }
}

function restart(entry: Entry): void {
  entry.coverage = new Coverage();
  entry.unsure = null;
  entry.requests = 0;
  entry.sentBytes = 0;
}
