import { concatBytes } from '../../shared/index.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** No log line is longer; what never ends (noise at a wrong rate) is cut here, so that it is seen. */
const MAX_LINE_BYTES = 4096;

/**
 * Lines out of chunks that end anywhere. LF, CR LF, CR CR LF and a lone CR end a line; empty lines
 * between CR and LF are not made up.
 */
export class LineAssembler {
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** Whether the last line ended with a CR, to which a coming LF belongs. */
  #afterReturn = false;

  /** The lines that a chunk completes, without their ends. */
  feed(chunk: Uint8Array): readonly string[] {
    const bytes = concatBytes([this.#rest, chunk]);
    const lines: string[] = [];
    let start = 0;
    for (let at = this.#rest.length; at < bytes.length; at += 1) {
      const byte = bytes[at];
      const isEnd = byte === LINE_FEED || byte === CARRIAGE_RETURN;
      if (!isEnd && at - start < MAX_LINE_BYTES) {
        this.#afterReturn = false;
        continue;
      }
      const belongsToReturn = this.#afterReturn && at === start && isEnd;
      if (!belongsToReturn) lines.push(decodeText(bytes.subarray(start, at)));
      this.#afterReturn = byte === CARRIAGE_RETURN;
      start = isEnd ? at + 1 : at;
    }
    this.#rest = bytes.slice(start);
    return lines;
  }

  /** What has come of the next line so far: a prompt, or a line that is still being printed. */
  get partial(): string {
    return decodeText(this.#rest);
  }

  /** Takes the unfinished line as a line, where there is one. */
  flush(): string | null {
    if (this.#rest.length === 0) return null;
    const text = decodeText(this.#rest);
    this.#rest = new Uint8Array(0);
    return text;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8, or where it is not (noise, another rate) every byte beyond ASCII as `\xNN`. */
function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return Array.from(bytes, (byte) =>
      byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`,
    ).join('');
  }
}
