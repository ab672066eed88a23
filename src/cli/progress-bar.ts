import type { OnProgress, Progress } from '../flash/index.ts';
import { type Clock, formatDuration, formatSize } from '../shared/index.ts';
import type { OutputStream } from './context.ts';

const BAR_CELLS = 24;
/** Redrawing more often costs more than anyone sees. */
export const REDRAW_MS = 80;

/** Shows progress on one stream until it is finished. */
export interface ProgressBar {
  readonly onProgress: OnProgress;
  /** Ends the line that is being drawn. */
  finish(): void;
}

/** A bar with rate and time left on a terminal; one line for each phase anywhere else. */
export function createProgressBar(stream: OutputStream, clock: Clock): ProgressBar {
  let phase = '';
  let phaseStart = 0;
  let drawnAt = 0;
  let open = false;
  const finish = () => {
    if (open) stream.write('\n');
    open = false;
  };
  return {
    finish,
    onProgress: ({ phase: current, doneBytes, totalBytes }) => {
      const time = clock.now();
      if (current !== phase) {
        finish();
        phase = current;
        phaseStart = time;
        if (stream.isTTY !== true) stream.write(`${sentence(current)}\n`);
      }
      if (stream.isTTY !== true) return;
      const complete = doneBytes >= totalBytes;
      if (open && !complete && time - drawnAt < REDRAW_MS) return;
      drawnAt = time;
      open = true;
      const line = barLine({ phase, doneBytes, totalBytes }, time - phaseStart);
      stream.write(`\r${line.slice(0, (stream.columns ?? 80) - 1)}\u001b[K`);
    },
  };
}

/** One line: phase, bar, rate, time left. */
export function barLine({ phase, doneBytes, totalBytes }: Progress, elapsedMs: number): string {
  const name = sentence(phase).padEnd(22);
  if (totalBytes === 0) return `${name} ${formatSize(doneBytes)}`;
  const ratio = Math.min(1, doneBytes / totalBytes);
  const full = Math.round(ratio * BAR_CELLS);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full);
  const rate = elapsedMs > 0 ? (doneBytes / elapsedMs) * 1000 : 0;
  const left = rate > 0 ? (totalBytes - doneBytes) / rate : 0;
  const speed = rate > 0 ? `  ${formatSize(Math.round(rate))}/s` : '';
  const rest = ratio < 1 && rate > 0 ? `  ${formatDuration(left * 1000)} left` : '';
  return `${name} ${bar} ${String(Math.round(ratio * 100)).padStart(3)}%${speed}${rest}`;
}

/** A phase with a capital. */
export function sentence(phase: string): string {
  return phase.charAt(0).toUpperCase() + phase.slice(1);
}
