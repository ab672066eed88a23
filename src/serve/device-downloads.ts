import type { Clock } from '../shared/index.ts';
import type { ByteRange } from './byte-range.ts';
import { Coverage } from './coverage.ts';

/** More devices than one server has at a time; beyond, the one that was quiet longest is forgotten. */
const MOST_DEVICES = 2000;

/** What one device has of one image. */
export interface DeviceDownload {
  readonly startedAtMs: number;
  readonly coverage: Coverage;
}

/**
 * Remembers over requests what each device has, because many fetch an image in parts: a download is
 * complete when the parts together are.
 */
export class DeviceDownloads {
  readonly #clock: Clock;
  readonly #downloads = new Map<string, DeviceDownload>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The download that a request belongs to; one that asks from the first byte on begins anew. */
  begin(device: string, sha256: string, range: ByteRange): DeviceDownload {
    const key = `${device} ${sha256}`;
    const known = range.start === 0 ? undefined : this.#downloads.get(key);
    const download = known ?? { startedAtMs: this.#clock.monotonicMs(), coverage: new Coverage() };
    this.#downloads.delete(key);
    this.#downloads.set(key, download);
    if (this.#downloads.size > MOST_DEVICES) {
      for (const oldest of this.#downloads.keys()) {
        this.#downloads.delete(oldest);
        break;
      }
    }
    return download;
  }

  /** Forgets a download that is complete: what comes next is another. */
  end(device: string, sha256: string): void {
    this.#downloads.delete(`${device} ${sha256}`);
  }
}
