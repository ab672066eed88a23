/** What a device did, as far as its log says. */
export type DeviceStep =
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'downloading' }
  | { readonly kind: 'progress'; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly kind: 'downloaded'; readonly sizeBytes: number }
  | { readonly kind: 'stored'; readonly tag: string }
  | { readonly kind: 'rebooting' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'booted'; readonly tag: string; readonly flashOffset: number | null }
  /** The line that only the new build writes. */
  | { readonly kind: 'confirmed'; readonly line: string }
  /** The slot of the update before is written again, so that one does not run. */
  | { readonly kind: 'earlier-fell-back'; readonly flashOffset: number };

/** How following a device ended. */
export type DeviceVerdict =
  | {
      /** It has the new tag, and it is the new build that runs. */
      readonly outcome: 'updated';
      /** The slot that the bootloader loaded; `null` where a line of the new build proved it. */
      readonly flashOffset: number | null;
    }
  /** It restarted and has the new tag, but the log does not show which slot runs. */
  | { readonly outcome: 'rebooted' }
  /** The same, and the line that only the new build writes did not come. */
  | { readonly outcome: 'unconfirmed'; readonly expected: string }
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
/** These lines hold the tag, which often holds the version: they prove nothing about the build. */
const OF_THE_UPDATE = /OTA firmware version: |firmware update successful|OTA connection attempt/;
/** What the device logs last of an update that it completed. */
export const NEXT_SLOT = 'next reboot will load firmware from';

/** What is known beside the log. */
export interface DeviceLogOptions {
  /**
   * Where the device downloads from: failures of a download from elsewhere, such as late lines about
   * the build before, do not count.
   */
  readonly url?: string;
  /** A text that only the new build logs. The log of a part shows no slot, so nothing else proves it. */
  readonly expect?: string;
  /** The slot that the update before was written to. */
  readonly earlierOffset?: number | null;
}

/** The slot in a line about it, such as `next reboot will load firmware from \`0x20000\``. */
export function slotIn(line: string): number | null {
  const offset = /\b0x([0-9a-f]+)/i.exec(line.slice(line.indexOf(NEXT_SLOT)))?.[1];
  return offset === undefined ? null : Number.parseInt(offset, 16);
}

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
  /** Of the update that the lines are about, where its line came. */
  #storedTag: string | null = null;
  #isComplete = false;
  #failure: string | null = null;
  #failures = 0;
  #verdict: DeviceVerdict | null = null;
  readonly #expect: string | null;
  #earlierOffset: number | null;
  #isRestarting = false;
  #isConfirmed = false;
  #isBooted = false;

  /** @param tag the version tag that the device is to take */
  constructor(tag: string, { url, expect, earlierOffset = null }: DeviceLogOptions = {}) {
    this.#tag = tag;
    this.#path = url === undefined ? null : pathOf(url);
    this.#expect = expect ?? null;
    this.#earlierOffset = earlierOffset;
  }

  /** Set once it is clear how the update ended. */
  get verdict(): DeviceVerdict | null {
    return this.#verdict;
  }

  /** The line that is still waited for, once the device has booted with the tag. */
  get missing(): string | null {
    return this.#isBooted && this.#verdict === null ? this.#expect : null;
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
    return this.#readConfirmation(line) ?? this.#readBoot(line) ?? this.#readUpdate(line);
  }

  #readConfirmation(line: string): DeviceStep | null {
    if (this.#expect === null || !this.#isRestarting || this.#isConfirmed) return null;
    if (!line.includes(this.#expect) || OF_THE_UPDATE.test(line)) return null;
    this.#isConfirmed = true;
    if (this.#isBooted) this.#verdict = { outcome: 'updated', flashOffset: this.#loadedOffset };
    return { kind: 'confirmed', line };
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
      this.#storedTag = stored[1] ?? '';
      this.#failure = null;
      return { kind: 'stored', tag: stored[1] ?? '' };
    }
    if (line.includes(NEXT_SLOT)) {
      this.#expectedOffset = slotIn(line);
      this.#isComplete = (this.#storedTag ?? this.#tag) === this.#tag;
    }
    const writing = /writing new firmware to address `?0x([0-9a-f]+)/i.exec(line);
    return writing === null ? null : this.#noteSlot(Number.parseInt(writing[1] ?? '', 16));
  }

  /** A device writes to the slot that it does not run. */
  #noteSlot(flashOffset: number): DeviceStep | null {
    this.#expectedOffset = flashOffset;
    const fellBack = this.#earlierOffset === flashOffset;
    // Said once: a download that failed is tried again, to the same slot.
    this.#earlierOffset = null;
    return fellBack ? { kind: 'earlier-fell-back', flashOffset } : null;
  }

  #readBoot(line: string): DeviceStep | null {
    if (/rebooting from config monitor/.test(line)) {
      this.#isRestarting = true;
      return { kind: 'rebooting' };
    }
    const loaded = /Loaded app from partition at offset 0x([0-9a-f]+)/i.exec(line);
    if (loaded !== null) this.#loadedOffset = Number.parseInt(loaded[1] ?? '', 16);
    const booted = /OTA firmware version: (.*)$/.exec(line);
    if (booted === null) return null;
    const [, tag = ''] = booted;
    const flashOffset = this.#loadedOffset;
    this.#isRestarting = true;
    if (tag === this.#tag) {
      this.#isBooted = true;
      this.#verdict = this.#bootVerdict(flashOffset);
    }
    return { kind: 'booted', tag, flashOffset };
  }

  /** `null` while a line of the new build is still to come. */
  #bootVerdict(flashOffset: number | null): DeviceVerdict | null {
    const expected = this.#expectedOffset;
    if (this.#isComplete && expected !== null && flashOffset !== null) {
      return expected === flashOffset
        ? { outcome: 'updated', flashOffset }
        : { outcome: 'fell-back', expectedOffset: expected, actualOffset: flashOffset };
    }
    if (this.#expect === null) return { outcome: 'rebooted' };
    return this.#isConfirmed ? { outcome: 'updated', flashOffset: null } : null;
  }
}

/** Path and query, which the device logs as they are; it adds a port to the host. */
function pathOf(url: string): string {
  return url.replace(/^[^:]*:\/\/[^/?#]*/, '').replace(/#.*$/s, '');
}
