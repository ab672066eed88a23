import { formatDuration } from '../../shared/index.ts';
import { type BootFault, findBootFault, rootFault } from './boot-fault.ts';
import { parseResetReason, type ResetReason } from './reset-reason.ts';

/** A board that resets again and again, and why. */
export interface ResetLoop {
  readonly resets: number;
  readonly duringMs: number;
  readonly reason: ResetReason;
  /** What it complained of between the resets; `null` where it said nothing that is known. */
  readonly fault: BootFault | null;
}

/** So many resets, none of them longer after the one before than {@link MAX_GAP_MS}, are a loop. */
const LOOP_RESETS = 3;
const MAX_GAP_MS = 15_000;

/**
 * Watches for resets that follow each other. Says it once for a loop, and again only when its cause
 * changes; a board that was reset on purpose starts from new.
 */
export class ResetLoopDetector {
  #resetsMs: number[] = [];
  #fault: BootFault | null = null;
  #reported: string | null = null;

  /** Whether the board is in a loop that was said to be one. */
  get isReported(): boolean {
    return this.#reported !== null;
  }

  /** Follows one line without colours; answers with the loop that it completes. */
  feed(text: string, timeMs: number): ResetLoop | null {
    const reason = parseResetReason(text);
    if (reason === null) {
      this.#fault = rootFault(this.#fault, findBootFault(text));
      return null;
    }
    if (reason.kind === 'sleep') {
      // A board that sleeps and wakes all day is doing its work.
      this.restart();
      return null;
    }
    if (timeMs - (this.#resetsMs.at(-1) ?? timeMs) > MAX_GAP_MS) this.restart();
    this.#resetsMs.push(timeMs);
    const fault = this.#fault;
    this.#fault = null;
    const cause = `${fault?.kind ?? ''} ${reason.code}`;
    if (this.#resetsMs.length < LOOP_RESETS || cause === this.#reported) return null;
    this.#reported = cause;
    const duringMs = timeMs - (this.#resetsMs[0] ?? timeMs);
    return { resets: this.#resetsMs.length, duringMs, reason, fault };
  }

  /** Forgets the resets so far: the next one was asked for. */
  restart(): void {
    this.#resetsMs = [];
    this.#fault = null;
    this.#reported = null;
  }
}

/** One sentence that says why, and one that says what to do. */
export function describeResetLoop({ resets, duringMs, reason, fault }: ResetLoop): string {
  const cause = fault ?? { meaning: reason.meaning, hint: HINTS[reason.kind] };
  return `The board resets again and again (${resets} times in ${formatDuration(duringMs)}): ${cause.meaning}. ${cause.hint}`;
}

const HINTS: Readonly<Record<ResetReason['kind'], string>> = {
  power: 'Check cable and supply, and that nothing pulls EN low.',
  brownout: 'Use a better cable or supply: the radio draws 500 mA for moments.',
  watchdog: 'Look at the last lines before each reset: what runs there does not come to an end.',
  software: 'Look at the last lines before each reset: the program asks for it.',
  usb: 'Something on this machine resets it: close other monitors and debuggers.',
  sleep: 'It sleeps and wakes.',
  other: 'Look at the last lines before each reset.',
};
