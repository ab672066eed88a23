import type { CodeMap } from '../../app-image/index.ts';
import { findCodeAddresses } from './code-addresses.ts';
import { decodeAddresses } from './decode-addresses.ts';
import { runningElfSha256 } from './elf-identity.ts';
import type { MonitorLine, Note } from './events.ts';
import { logLevelOf } from './log-level.ts';
import { ResetLoopDetector } from './reset-loop.ts';
import { NoiseDetector } from './noise.ts';
import { isDownloadMode, parseResetReason, type ResetReason } from './reset-reason.ts';
import { colouredText, hasColours, plainText } from './safe-text.ts';

/** The number of the ROM's that says that the RTC watchdog ran out. */
const RTC_WATCHDOG = 0x10;

/** The program that is supposed to run on the board. */
export interface ElfUnderTest {
  readonly codeMap: CodeMap;
  /** Of the .elf file, in hex, to notice that the board runs another build. */
  readonly sha256: string;
}

/** Makes sense of what a board prints, line by line. */
export class Interpreter {
  readonly #elf: ElfUnderTest | null;
  readonly #loops = new ResetLoopDetector();
  readonly #noise = new NoiseDetector();
  #wrongElfReported = false;
  /** Whether the next reset is one that was asked for. */
  #expectsReset = false;

  constructor(elf: ElfUnderTest | null) {
    this.#elf = elf;
  }

  /** The line with what is in it, and what there is to point out after it. */
  read(
    raw: string,
    timeMs: number,
  ): { readonly line: MonitorLine; readonly notes: readonly Note[] } {
    const text = plainText(raw);
    const line: MonitorLine = {
      kind: 'line',
      timeMs,
      text,
      coloured: colouredText(raw),
      hasColours: hasColours(raw),
      level: logLevelOf(text),
      addresses:
        this.#elf === null ? [] : decodeAddresses(findCodeAddresses(text), this.#elf.codeMap),
    };
    return { line, notes: this.#notes(text, timeMs) };
  }

  /** What there is to point out about a line that has not ended. */
  readUnfinished(text: string): readonly Note[] {
    return this.#noise.feedUnfinished(text) ? [{ kind: 'noise' }] : [];
  }

  /** The board is about to be reset on purpose. */
  expectReset(): void {
    this.#loops.restart();
    this.#expectsReset = true;
  }

  /** Where there are no modem lines, the watchdog is what starts a board that was asked to start. */
  #reasonIn(text: string): ResetReason | null {
    const reason = parseResetReason(text);
    if (reason === null) return null;
    const isOurs = this.#expectsReset && reason.code === RTC_WATCHDOG;
    this.#expectsReset = false;
    return isOurs ? { ...reason, kind: 'other', meaning: 'otakit started it anew' } : reason;
  }

  #notes(text: string, timeMs: number): readonly Note[] {
    const notes: Note[] = [];
    const reason = this.#reasonIn(text);
    const loop = this.#loops.feed(text, timeMs);
    if (loop !== null) notes.push({ kind: 'reset-loop', loop });
    else if (reason !== null && !this.#loops.isReported) notes.push({ kind: 'reset', reason });
    if (isDownloadMode(text)) notes.push({ kind: 'download-mode' });
    if (this.#noise.feed(text)) notes.push({ kind: 'noise' });
    const running = runningElfSha256(text);
    if (running !== null && this.#elf !== null && !this.#wrongElfReported) {
      const { sha256 } = this.#elf;
      if (!sha256.startsWith(running)) {
        this.#wrongElfReported = true;
        notes.push({ kind: 'wrong-elf', runningSha256: running, elfSha256: sha256 });
      }
    }
    return notes;
  }
}
