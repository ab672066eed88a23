import type { OnProgress } from '../../flash/index.ts';
import type { Clock } from '../../shared/index.ts';
import type { OutputStream } from '../context.ts';
import { barLine, createProgressBar, REDRAW_MS, sentence } from '../progress-bar.ts';

/** One place to show the progress of one or more boards at once. */
export interface BoardScreen {
  /** The progress of one of the boards. */
  readonly progressOf: (target: string) => OnProgress;
  finish(): void;
}

/** One bar for one board; for several a bar each, redrawn in place; lines where there is no terminal. */
export function createBoardScreen(
  stream: OutputStream,
  targets: readonly string[],
  clock: Clock,
): BoardScreen {
  if (targets.length === 1) {
    const bar = createProgressBar(stream, clock);
    return { progressOf: () => bar.onProgress, finish: () => bar.finish() };
  }
  return stream.isTTY === true
    ? barForEach(stream, targets, clock)
    : { progressOf: (target) => linesFor(stream, target), finish: () => {} };
}

function linesFor(stream: OutputStream, target: string): OnProgress {
  let last = '';
  return ({ phase }) => {
    if (phase !== last) stream.write(`${target}: ${sentence(phase)}\n`);
    last = phase;
  };
}

function barForEach(stream: OutputStream, targets: readonly string[], clock: Clock): BoardScreen {
  const width = Math.max(...targets.map((target) => target.length));
  const lines = new Map(targets.map((target) => [target, `${target.padEnd(width)}  waiting`]));
  let drawnAt = 0;
  let drawn = false;
  const draw = () => {
    const up = drawn ? `\u001b[${targets.length}A` : '';
    const columns = (stream.columns ?? 80) - 1;
    const shown = [...lines.values()].map((line) => `\r${line.slice(0, columns)}\u001b[K\n`);
    stream.write(up + shown.join(''));
    drawn = true;
  };
  return {
    progressOf: (target) => {
      let phase = '';
      let phaseStart = 0;
      return (progress) => {
        const time = clock.now();
        if (progress.phase !== phase) {
          phase = progress.phase;
          phaseStart = time;
        }
        lines.set(target, `${target.padEnd(width)}  ${barLine(progress, time - phaseStart)}`);
        if (drawn && time - drawnAt < REDRAW_MS) return;
        drawnAt = time;
        draw();
      };
    },
    finish: draw,
  };
}
