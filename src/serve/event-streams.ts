import type { Clock } from '../shared/index.ts';
import type { EventJournal } from './event-journal.ts';
import type { DownloadEvent, RejectReason } from './events.ts';
import { type Exchange, PeerGone } from './exchange.ts';
import { type HeaderList, textHeaders } from './plan-response.ts';
import { EVENT_STREAM_TYPE, serializeServerSentEvent } from './server-sent-events.ts';
import type { Watchdog } from './watchdog.ts';

/** What ends a path instead of the image's name, where its events are wanted. */
export const EVENTS_NAME = 'events';

/** More than a bench has terminals open. */
const MOST_STREAMS = 16;
/** A comment this often keeps proxies from closing the stream, and notices a reader that is gone. */
const HEARTBEAT_MS = 15_000;
/** A reader that takes nothing for this long is cut off. */
const STALL_MS = 30_000;
const RETRY_MS = 2000;

const HEADERS: HeaderList = [
  ['Content-Type', `${EVENT_STREAM_TYPE}; charset=utf-8`],
  ['Cache-Control', 'no-store'],
];

/** Why a stream was not opened. */
export interface StreamRefusal {
  readonly status: number;
  readonly reason: Extract<RejectReason, 'method' | 'busy'>;
}

/** What the streams of one server have in common. */
export interface EventStreamsOptions {
  readonly clock: Clock;
  readonly watchdog: Watchdog;
  /** Aborted when the server shuts down. */
  readonly signal: AbortSignal;
}

/** The open event streams of a server: who watches what becomes of an image. */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  #open = 0;

  constructor(options: EventStreamsOptions) {
    this.#options = options;
  }

  /**
   * Answers a request for the events of an image, and resolves when the stream has ended: with why it
   * was refused, or `null`.
   *
   * @param isAllowed asked from time to time: a stream does not outlive its token
   */
  async answer(
    exchange: Exchange,
    journal: EventJournal,
    isAllowed: () => boolean,
  ): Promise<StreamRefusal | null> {
    const { method } = exchange;
    if (method !== 'GET' && method !== 'HEAD') {
      return refuse(exchange, { status: 405, reason: 'method' }, [['Allow', 'GET, HEAD']]);
    }
    if (method === 'HEAD') {
      exchange.answer(200, HEADERS, '');
      return null;
    }
    if (this.#open >= MOST_STREAMS) {
      return refuse(exchange, { status: 503, reason: 'busy' }, [['Retry-After', '30']]);
    }
    this.#open += 1;
    try {
      await this.#stream(exchange, journal, isAllowed);
    } catch (error) {
      if (!(error instanceof PeerGone)) throw error;
    } finally {
      this.#open -= 1;
    }
    return null;
  }

  async #stream(
    exchange: Exchange,
    journal: EventJournal,
    isAllowed: () => boolean,
  ): Promise<void> {
    const { clock, watchdog, signal } = this.#options;
    const text = new TextEncoder();
    let wake = () => {};
    const over = new AbortController();
    let writingSinceMs: number | null = null;
    let writtenMs = clock.monotonicMs();
    const end = () => {
      over.abort();
      wake();
    };
    const write = async (chunk: string, isLast = false) => {
      writingSinceMs = clock.monotonicMs();
      await exchange.write(text.encode(chunk), isLast);
      writingSinceMs = null;
      writtenMs = clock.monotonicMs();
    };
    const unwatch = watchdog.watch({
      check: (now) => {
        if (writingSinceMs !== null && now - writingSinceMs > STALL_MS) exchange.abort();
        if (exchange.isGone || !isAllowed()) end();
        else if (now - writtenMs >= HEARTBEAT_MS) wake();
      },
    });
    signal.addEventListener('abort', end, { once: true });
    try {
      let seen = firstNumber(exchange.header('last-event-id'), journal.last);
      exchange.begin(200, HEADERS);
      // The id alone is no event, but says where to go on should the stream break before the first.
      await write(`retry: ${RETRY_MS}\nid: ${seen}\n\n`);
      while (!over.signal.aborted) {
        const entries = journal.after(seen);
        if (entries.length > 0) {
          seen = entries.at(-1)?.number ?? seen;
          await write(entries.map(({ number, event }) => frame(number, event)).join(''));
          continue;
        }
        if (clock.monotonicMs() - writtenMs >= HEARTBEAT_MS) await write(': still here\n\n');
        await new Promise<void>((resolve) => {
          const forget = journal.onNext(resolve);
          wake = () => {
            forget();
            resolve();
          };
          if (over.signal.aborted) wake();
        });
      }
      if (signal.aborted) exchange.abort();
      else await write('', true);
    } finally {
      unwatch();
      signal.removeEventListener('abort', end);
    }
  }
}

/**
 * The event after which a stream goes on. A number that is still to come is one of an earlier run of
 * the server: then all is new.
 */
function firstNumber(lastEventId: string | undefined, last: number): number {
  if (lastEventId === undefined || !/^\d{1,15}$/.test(lastEventId)) return last;
  const number = Number(lastEventId);
  return number > last ? 0 : number;
}

function frame(number: number, event: DownloadEvent): string {
  return serializeServerSentEvent({
    id: String(number),
    event: event.event,
    data: JSON.stringify(event),
  });
}

function refuse(exchange: Exchange, refusal: StreamRefusal, extra: HeaderList): StreamRefusal {
  const body = refusal.reason === 'busy' ? 'too many event streams\n' : 'only GET and HEAD\n';
  exchange.answer(refusal.status, [...extra, ...textHeaders(body)], body);
  return refusal;
}
