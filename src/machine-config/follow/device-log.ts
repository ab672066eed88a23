/** What a device did, as far as its log says. */
export type DeviceStep =
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'downloading' }
  | { readonly kind: 'progress'; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly kind: 'downloaded'; readonly sizeBytes: number }
  | { readonly kind: 'stored'; readonly tag: string }
  | { readonly kind: 'rebooting' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'booted'; readonly tag: string; readonly flashOffset: number | null };

/** How following a device ended. */
export type DeviceVerdict =
  | {
      readonly outcome: 'updated';
      /** The slot that the bootloader loaded, where the log says so. */
      readonly flashOffset: number | null;
    }
  | { readonly outcome: 'refused'; readonly message: string }
  | {
      /** The device believes in the new tag, and the old slot runs. */
      readonly outcome: 'fell-back';
      readonly expectedOffset: number;
      readonly actualOffset: number;
    }
  | { readonly outcome: 'silent'; readonly forMs: number };

/** A config that the device cannot use is not tried again before it changes. */
const CONFIG_FAILURE = /failed to create ota service from config/i;
const UPDATE_FAILURE = /failed to complete ota update/i;

/**
 * Makes sense of the log lines of a micro-RDK device while it takes an update. Lines go in one by
 * one, in the order in which the device wrote them.
 */
export class DeviceLog {
  readonly #tag: string;
  readonly #path: string | null;
  /** Whether the download that the log is about is the one that is followed; until one begins, it counts. */
  #isOurs = true;
  #expectedOffset: number | null = null;
  #loadedOffset: number | null = null;
  #isStored = false;
  #failure: string | null = null;
  #failures = 0;
  #verdict: DeviceVerdict | null = null;

  /**
   * @param tag the version tag that the device is to take
   * @param url where from: failures of a download from elsewhere, such as late lines about the build
   *   before, do not count
   */
  constructor(tag: string, url: string | null = null) {
    this.#tag = tag;
    this.#path = url === null ? null : pathOf(url);
  }

  /** Set once it is clear how the update ended. */
  get verdict(): DeviceVerdict | null {
    return this.#verdict;
  }

  /** The last failure that the device reported and may still overcome. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Takes one line in; answers with what it means, if it means anything here. */
  read(line: string): DeviceStep | null {
    if (this.#verdict !== null) return null;
    if (CONFIG_FAILURE.test(line)) return this.#fail(line);
    if (UPDATE_FAILURE.test(line)) return this.#isOurs ? this.#fail(line) : null;
    return this.#readBoot(line) ?? this.#readUpdate(line);
  }

  #fail(message: string): DeviceStep {
    this.#failure = message;
    this.#failures += 1;
    // It tries again every ten seconds, for ever: once may be the network, twice is an answer.
    if (CONFIG_FAILURE.test(message) || this.#failures > 1) {
      this.#verdict = { outcome: 'refused', message };
    }
    return { kind: 'failed', message };
  }

  /** A later attempt may go to where a redirect led, so the first one of an update decides. */
  #noteAttempt(attempt: number, line: string): void {
    if (this.#path === null || attempt !== 1) return;
    const wasOurs = this.#isOurs;
    this.#isOurs = line.includes(this.#path);
    if (this.#isOurs === wasOurs) return;
    this.#failure = null;
    this.#failures = 0;
  }

  #readUpdate(line: string): DeviceStep | null {
    const attempt = /OTA connection attempt (\d+)/.exec(line);
    if (attempt !== null) {
      this.#noteAttempt(Number(attempt[1]), line);
      return { kind: 'connecting', attempt: Number(attempt[1]) };
    }
    if (/ota connected, beginning download/.test(line)) return { kind: 'downloading' };
    const progress = /updating next OTA partition at \S+: (\d+)\/(\d+) bytes/.exec(line);
    if (progress !== null) {
      const [doneBytes, totalBytes] = [Number(progress[1]), Number(progress[2])];
      return { kind: 'progress', doneBytes, totalBytes };
    }
    const complete = /firmware download complete: (\d+) bytes/.exec(line);
    if (complete !== null) return { kind: 'downloaded', sizeBytes: Number(complete[1]) };
    const stored = /firmware update successful: version `(.*)`/.exec(line);
    if (stored !== null) {
      this.#isStored = stored[1] === this.#tag;
      this.#failure = null;
      return { kind: 'stored', tag: stored[1] ?? '' };
    }
    const next = /next reboot will load firmware from `?0x([0-9a-f]+)/i.exec(line);
    if (next !== null) this.#expectedOffset = Number.parseInt(next[1] ?? '', 16);
    return null;
  }

  #readBoot(line: string): DeviceStep | null {
    if (/rebooting from config monitor/.test(line)) return { kind: 'rebooting' };
    const loaded = /Loaded app from partition at offset 0x([0-9a-f]+)/i.exec(line);
    if (loaded !== null) this.#loadedOffset = Number.parseInt(loaded[1] ?? '', 16);
    const booted = /OTA firmware version: (.*)$/.exec(line);
    if (booted === null) return null;
    const [, tag = ''] = booted;
    const flashOffset = this.#loadedOffset;
    if (tag === this.#tag) this.#verdict = this.#bootVerdict(flashOffset);
    return { kind: 'booted', tag, flashOffset };
  }

  #bootVerdict(flashOffset: number | null): DeviceVerdict {
    const expected = this.#expectedOffset;
    if (this.#isStored && expected !== null && flashOffset !== null && expected !== flashOffset) {
      return { outcome: 'fell-back', expectedOffset: expected, actualOffset: flashOffset };
    }
    return { outcome: 'updated', flashOffset };
  }
}

/** Path and query, which the device logs as they are; it adds a port to the host. */
function pathOf(url: string): string {
  return url.replace(/^[^:]*:\/\/[^/?#]*/, '').replace(/#.*$/s, '');
}
