import { open } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import {
  DeviceWatch,
  type DeviceVerdict,
  type FollowOptions,
  type MarkedLog,
} from '../../machine-config/index.ts';
import type { Clock } from '../../shared/index.ts';
import { openLink } from '../../transport/index.ts';

/** The rate of the console of ESP-IDF and of micro-RDK. */
const CONSOLE_BAUD = 115_200;
const TAIL_POLL_MS = 100;
const TAIL_BYTES = 65_536;
/** How often time alone is looked at. */
const LOOK_MS = 1000;
/** Far more than a device says through one update. */
const MOST_LINES_SINCE_MARK = 10_000;

/** Lines of a device's console as they come. */
export type DeviceLines = AsyncIterable<string>;

/** The console of a board on a serial port (or whatever else `--port` can name). */
export async function* portLines(target: string, signal: AbortSignal): DeviceLines {
  await using link = await openLink(target, { baudRate: CONSOLE_BAUD, signal });
  const lines = new LineSplitter();
  for (;;) {
    const bytes = await link.read(signal);
    if (bytes === null) return;
    yield* lines.push(bytes);
  }
}

/** What is appended to a file from now on, such as the saved console of a device. */
export async function* fileLines(path: string, clock: Clock, signal: AbortSignal): DeviceLines {
  const found = await open(path, 'r').catch(ifMissing);
  await using file = found ?? (await openOnceThere(path, clock, signal));
  const lines = new LineSplitter();
  // Of a file that was not there yet, everything is new.
  let position = found === null ? 0 : (await file.stat()).size;
  for (;;) {
    const { size } = await file.stat();
    // A file that became shorter was begun anew.
    if (size < position) position = 0;
    while (position < size) {
      const { buffer, bytesRead } = await file.read(
        new Uint8Array(TAIL_BYTES),
        0,
        TAIL_BYTES,
        position,
      );
      if (bytesRead === 0) break;
      position += bytesRead;
      yield* lines.push(buffer.subarray(0, bytesRead));
    }
    await clock.sleep(TAIL_POLL_MS, signal);
  }
}

async function openOnceThere(path: string, clock: Clock, signal: AbortSignal) {
  for (;;) {
    await clock.sleep(TAIL_POLL_MS, signal);
    const file = await open(path, 'r').catch(ifMissing);
    if (file !== null) return file;
  }
}

function ifMissing(cause: NodeJS.ErrnoException): null {
  if (cause.code === 'ENOENT') return null;
  throw cause;
}

/** Bytes to lines, without colours. */
class LineSplitter {
  readonly #decoder = new TextDecoder();
  #rest = '';

  *push(bytes: Uint8Array): Iterable<string> {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split(/\r\n|\r|\n/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) yield stripVTControlCharacters(line);
  }
}

/** The lines of one device, for each build anew. */
export class LineFollower implements MarkedLog {
  readonly #waiting = new Set<(line: string) => void>();
  /** What came since the mark, until somebody follows from there. */
  #sinceMark: string[] | null = null;

  /** Whoever follows next is told all from here on, even what comes before that. */
  mark(): this {
    this.#sinceMark = [];
    return this;
  }

  /** Reads lines until they end or the signal is aborted; rejects when the source fails. */
  async run(lines: DeviceLines): Promise<void> {
    for await (const line of lines) {
      for (const take of this.#waiting) take(line);
      this.#sinceMark?.push(line);
      if ((this.#sinceMark?.length ?? 0) > MOST_LINES_SINCE_MARK) this.#sinceMark?.shift();
    }
  }

  /** Follows the device until it has the tag, or says why not, or falls silent. */
  async follow(tag: string, options: FollowOptions): Promise<DeviceVerdict> {
    const { clock, signal } = options;
    const watch = new DeviceWatch(tag, options);
    const end = Promise.withResolvers<DeviceVerdict>();
    const stop = new AbortController();
    const look = () => {
      const verdict = watch.verdict();
      if (verdict !== null) end.resolve(verdict);
      return verdict;
    };
    const take = (line: string) => {
      watch.read(line);
      look();
    };
    const watchTime = async () => {
      const either = AbortSignal.any([signal, stop.signal]);
      while (look() === null) await clock.sleep(Math.min(watch.waitMs(), LOOK_MS), either);
    };
    for (const line of this.#sinceMark ?? []) take(line);
    this.#sinceMark = null;
    this.#waiting.add(take);
    watchTime().catch((reason: unknown) => end.reject(reason as Error));
    try {
      return await end.promise;
    } finally {
      this.#waiting.delete(take);
      stop.abort();
    }
  }
}
