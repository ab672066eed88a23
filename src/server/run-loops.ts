import type { Fleet, FleetStore } from '../fleet/index.ts';
import type { Clock } from '../shared/index.ts';
import type { Log } from './observe/log.ts';
import type { WebhookDelivery } from './webhooks/deliver.ts';

const ROLLOUTS_MS = 1000;
const COMMANDS_MS = 5000;
const WEBHOOKS_MS = 5000;
const PRUNE_MS = 60 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;
const KEEP_EVENTS_MS = 30 * DAY_MS;
const KEEP_ANSWERS_MS = DAY_MS;
const PRUNE_BATCH = 1000;

/** What time moves on. */
export interface LoopsOptions {
  readonly fleet: Fleet;
  readonly store: FleetStore;
  readonly clock: Clock;
  readonly webhooks: WebhookDelivery;
  readonly log: Log;
}

/**
 * Does what is due again and again until disposed: rollouts, commands that expire, webhooks, and
 * forgetting what is old. A try that fails is logged and made again the next time.
 */
export function runLoops({ fleet, store, clock, webhooks, log }: LoopsOptions): AsyncDisposable {
  const stop = new AbortController();
  const { signal } = stop;
  const news = new Wake();
  const unsubscribe = fleet.events.subscribe(() => news.wake());

  const every = async (
    name: string,
    periodMs: number,
    work: () => Promise<unknown>,
    wake: Wake | null = null,
  ): Promise<void> => {
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        if (!signal.aborted) log.bug(error, { loop: name });
      }
      const woken = new AbortController();
      const sleeping = clock.sleep(periodMs, AbortSignal.any([signal, woken.signal]));
      await Promise.race([sleeping.catch(() => {}), ...(wake === null ? [] : [wake.next()])]);
      woken.abort();
    }
  };
  const prune = async () => {
    const before = clock.now();
    for (let pruned = PRUNE_BATCH; pruned === PRUNE_BATCH && !signal.aborted;) {
      pruned = await store.transaction(({ events }) =>
        events.prune(before - KEEP_EVENTS_MS, PRUNE_BATCH),
      );
    }
    await store.transaction(({ idempotency }) => idempotency.prune(before - KEEP_ANSWERS_MS));
  };

  const running = [
    every('rollouts', ROLLOUTS_MS, () => fleet.rollouts.tick()),
    every('commands', COMMANDS_MS, () => fleet.commands.expire()),
    every('webhooks', WEBHOOKS_MS, () => webhooks.begin(signal), news),
    every('prune', PRUNE_MS, prune),
  ];
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      unsubscribe();
      await Promise.all(running);
      await webhooks.idle();
    },
  };
}

/** Something that can be woken, also before it sleeps. */
class Wake {
  #isWoken = false;
  #resolve: (() => void) | null = null;

  wake(): void {
    this.#isWoken = true;
    this.#resolve?.();
  }

  /** Resolves when woken since the last time that it did. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#isWoken = false;
        this.#resolve = null;
        resolve();
      };
      if (this.#isWoken) done();
      else this.#resolve = done;
    });
  }
}
