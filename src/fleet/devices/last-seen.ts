import type { FleetContext } from '../context.ts';

const STORE_AFTER_MS = 5000;
const STORE_AT = 5000;

/** When devices were seen, kept until there are enough of them to be worth a write. */
export interface LastSeen {
  note(deviceId: string, atMs: number): void;
  /** Stores what there is, if it is time. */
  flushDue(): Promise<void>;
  flush(): Promise<void>;
}

/** Without a timer of its own: stores when somebody comes after a while, or when it is asked. */
export function createLastSeen({ store, clock, onError }: FleetContext): LastSeen {
  let seen = new Map<string, number>();
  let storedAtMs = clock.now();
  const flush = async () => {
    storedAtMs = clock.now();
    if (seen.size === 0) return;
    const those = seen;
    seen = new Map();
    await store.transaction(({ devices }) => devices.touch(those));
  };
  const isDue = (nowMs: number) => seen.size >= STORE_AT || nowMs >= storedAtMs + STORE_AFTER_MS;
  return {
    note: (deviceId, atMs) => {
      seen.set(deviceId, atMs);
      if (isDue(atMs)) flush().catch(onError);
    },
    flushDue: async () => {
      if (isDue(clock.now())) await flush();
    },
    flush,
  };
}
