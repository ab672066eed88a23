import type { Fleet, FleetEvent } from '../../fleet/index.ts';
import {
  EVENT_STREAM_TYPE,
  type Exchange,
  type Front,
  PeerGone,
  serializeServerSentEvent,
} from '../../serve/index.ts';
import type { Clock } from '../../shared/index.ts';
import { Counted } from '../limits/counted.ts';

/** A comment this often keeps proxies from closing the stream, and notices a reader that is gone. */
const HEARTBEAT_MS = 15_000;
/** How often it is asked whether the reader still may, however much there is to say. */
const ALLOWED_MS = 5000;
/** A reader that takes nothing for this long is cut off. */
const STALL_MS = 30_000;
const RETRY_MS = 2000;
const BATCH = 200;
const BUSY_RETRY_MS = 30_000;

/** Which events a reader wants. */
export type EventFilter = NonNullable<Parameters<Fleet['events']['after']>[2]>;

/** What the streams of a server have in common. */
export interface EventStreamsOptions {
  readonly events: Fleet['events'];
  readonly clock: Clock;
  readonly watchdog: Front['watchdog'];
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
  readonly most: number;
}

/**
 * Live events to however many readers. A reader holds only the number of the last event that it got;
 * the events themselves come out of the store, so a slow reader costs no memory and loses nothing.
 */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #open: Counted;

  constructor(options: EventStreamsOptions) {
    this.#options = options;
    this.#open = new Counted(options.most, 'event streams');
  }

  get open(): number {
    return this.#open.open;
  }

  /**
   * Sends what came after an event, then everything new, until the reader leaves or the server stops.
   *
   * @param after `null` for only what is new
   * @param isAllowed asked every few seconds: a stream does not outlive its token
   * @throws ServerError `server/busy`, before anything is sent
   */
  async send(
    exchange: Exchange,
    after: number | null,
    filter: EventFilter,
    isAllowed: () => Promise<boolean>,
  ): Promise<void> {
    using _place = this.#open.enter(BUSY_RETRY_MS);
    const last = await this.#options.events.lastId();
    // A number that is still to come is one of another data folder: then nothing is known to be missed.
    const from = after === null || after > last ? last : after;
    try {
      await this.#stream(exchange, from, filter, isAllowed);
    } catch (error) {
      if (!(error instanceof PeerGone)) throw error;
    }
  }

  async #stream(
    exchange: Exchange,
    from: number,
    filter: EventFilter,
    isAllowed: () => Promise<boolean>,
  ): Promise<void> {
    const { events, clock, watchdog, signal } = this.#options;
    const text = new TextEncoder();
    let seen = from;
    const over = new AbortController();
    let isNews = true;
    let wake = () => {};
    let writingSinceMs: number | null = null;
    let writtenMs = clock.monotonicMs();
    let allowedMs = clock.monotonicMs();
    const write = async (chunk: string, isLast = false) => {
      writingSinceMs = clock.monotonicMs();
      await exchange.write(text.encode(chunk), isLast);
      writingSinceMs = null;
      writtenMs = clock.monotonicMs();
    };
    const end = () => {
      over.abort();
      wake();
    };
    const unsubscribe = events.subscribe(() => {
      isNews = true;
      wake();
    });
    const unwatch = watchdog.watch({
      check: (now) => {
        if (writingSinceMs !== null && now - writingSinceMs > STALL_MS) exchange.abort();
        if (exchange.isGone) end();
        else if (now - allowedMs >= ALLOWED_MS || now - writtenMs >= HEARTBEAT_MS) wake();
      },
    });
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      exchange.begin(200, [
        ['Content-Type', `${EVENT_STREAM_TYPE}; charset=utf-8`],
        ['Cache-Control', 'no-store'],
        ['X-Accel-Buffering', 'no'],
      ]);
      // The id alone is no event, but says where to go on should the stream break before the first.
      await write(`retry: ${RETRY_MS}\nid: ${seen}\n\n`);
      while (!over.signal.aborted) {
        if (clock.monotonicMs() - allowedMs >= ALLOWED_MS) {
          if (!(await isAllowed())) break;
          allowedMs = clock.monotonicMs();
        }
        if (isNews) {
          isNews = false;
          const upTo = await events.lastId();
          const batch = await events.after(seen, BATCH, filter);
          if (batch.length > 0) await write(batch.map(frame).join(''));
          seen = batch.at(-1)?.eventId ?? seen;
          if (batch.length === BATCH) isNews = true;
          else seen = Math.max(seen, upTo);
          continue;
        }
        if (clock.monotonicMs() - writtenMs >= HEARTBEAT_MS) await write(': still here\n\n');
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (isNews || over.signal.aborted) resolve();
        });
      }
      await write('', true);
    } finally {
      unwatch();
      unsubscribe();
      signal.removeEventListener('abort', end);
    }
  }
}

/** An event as it goes over the wire. */
function frame(event: FleetEvent): string {
  return serializeServerSentEvent({
    id: String(event.eventId),
    event: event.type,
    data: JSON.stringify(event),
  });
}
