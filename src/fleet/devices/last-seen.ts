import type { FleetContext } from '../context.ts';

/** People who look at a few devices want to see soon that one has called. */
const STORE_FEW_AFTER_MS = 5000;
const FEW = 1000;
/**
 * Devices of a large fleet call in any order, so that a few thousand of them are spread over every page of
 * the table: storing them six times less often writes it six times less often.
 */
const STORE_MANY_AFTER_MS = 30_000;
const MANY = 50_000;
/** In one transaction: the others that have something to store do not wait for all of them. */
const STORED_AT_ONCE = 2500;

/** When devices were seen, kept until there are enough of them to be worth a write. */
export interface LastSeen {
  note(deviceId: string, atMs: number): void;
  /** Stores what there is, if it is time. */
  flushDue(): Promise<void>;
  flush(): Promise<void>;
}

/** Without a timer of its own: stores when somebody comes after a while, or when it is asked. */
export function createLastSeen({
  store,
  clock,
  onError,
}: Pick<FleetContext, 'store' | 'clock' | 'onError'>): LastSeen {
  let seen = new Map<string, number>();
  let storedAtMs = clock.monotonicMs();
  const flush = async () => {
    storedAtMs = clock.monotonicMs();
    // In the order of the table, so that neighbours are written together.
    const those = [...seen].sort(([one], [other]) => (one < other ? -1 : 1));
    seen = new Map();
    for (let first = 0; first < those.length; first += STORED_AT_ONCE) {
      const some = those.slice(first, first + STORED_AT_ONCE);
      await store.transaction(({ devices }) => devices.touch(some));
    }
  };
  const isDue = () => {
    const sinceMs = clock.monotonicMs() - storedAtMs;
    const afterMs = seen.size > FEW ? STORE_MANY_AFTER_MS : STORE_FEW_AFTER_MS;
    return seen.size >= MANY || sinceMs >= afterMs;
  };
  return {
    note: (deviceId, atMs) => {
      seen.set(deviceId, atMs);
      if (isDue()) flush().catch(onError);
    },
    flushDue: async () => {
      if (isDue()) await flush();
    },
    flush,
  };
}
