import type { ProgressEvent } from '../../serve/index.ts';
import { formatDuration } from '../../shared/index.ts';
import type { OutputStream } from '../context.ts';
import { formatRate } from './describe-event.ts';

const BAR_CELLS = 24;
const NARROW_COLUMNS = 60;
/** More would not fit below the offer. */
const MOST_LINES = 12;
const DEFAULT_COLUMNS = 80;

/**
 * The lines at the bottom of a terminal that move: a bar per device that is downloading. Without a
 * terminal there are none, and only what is written above them remains.
 */
export class LiveLines {
  readonly #stream: OutputStream;
  readonly #devices = new Map<string, ProgressEvent>();
  #drawn = 0;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  get isMoving(): boolean {
    return this.#stream.isTTY === true;
  }

  progress(event: ProgressEvent): void {
    if (!this.isMoving) return;
    this.#devices.set(event.device, event);
    this.#erase();
    this.#draw();
  }

  remove(device: string): void {
    this.#devices.delete(device);
  }

  /** Writes something that stays, above the moving lines. */
  above(write: () => unknown): void {
    this.#erase();
    write();
    this.#draw();
  }

  clear(): void {
    this.#erase();
    this.#devices.clear();
  }

  #erase(): void {
    if (this.#drawn > 0) this.#stream.write(`\x1b[${this.#drawn}A\r\x1b[J`);
    this.#drawn = 0;
  }

  #draw(): void {
    if (!this.isMoving || this.#devices.size === 0) return;
    const columns = this.#stream.columns ?? DEFAULT_COLUMNS;
    const lines = [...this.#devices.values()]
      .slice(0, MOST_LINES)
      .map((event) => progressLine(event, columns));
    const more = this.#devices.size - lines.length;
    if (more > 0) lines.push(`  and ${more} more`);
    this.#stream.write(`${lines.join('\n')}\n`);
    this.#drawn = lines.length;
  }
}

/** `192.168.1.44  ██████░░░░  52 %  41.3 KB/s  1.5 s left`, cut to the width of the terminal. */
export function progressLine(event: ProgressEvent, columns: number): string {
  const { device, sentBytes, totalBytes, bytesPerSecond } = event;
  const ratio = Math.min(1, sentBytes / Math.max(1, totalBytes));
  const cells = columns < NARROW_COLUMNS ? BAR_CELLS / 2 : BAR_CELLS;
  const full = Math.floor(ratio * cells);
  const bar = '█'.repeat(full) + '░'.repeat(cells - full);
  const leftMs = ((totalBytes - sentBytes) * 1000) / Math.max(1, bytesPerSecond);
  const line = [
    device.padEnd(15),
    bar,
    `${Math.floor(ratio * 100)} %`.padStart(5),
    formatRate(bytesPerSecond),
    `${formatDuration(leftMs)} left`,
  ].join('  ');
  return line.slice(0, columns - 1);
}
