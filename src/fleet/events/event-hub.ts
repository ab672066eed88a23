import type { FleetEvent } from './fleet-event.ts';

/** Who listens to events while they happen. */
export interface EventHub {
  subscribe(listener: (events: readonly FleetEvent[]) => void): () => void;
  /** Only for what is committed. */
  publish(events: readonly FleetEvent[]): void;
}

/** @param onError what a listener threw; one that throws must not keep the others from hearing */
export function createEventHub(onError: (error: unknown) => void): EventHub {
  const listeners = new Set<(events: readonly FleetEvent[]) => void>();
  return {
    subscribe: (listener) => {
      // Wrapped, so that one function subscribed twice is two subscriptions.
      const own = (events: readonly FleetEvent[]) => listener(events);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    publish: (events) => {
      if (events.length === 0) return;
      for (const listener of listeners) {
        try {
          listener(events);
        } catch (error) {
          onError(error);
        }
      }
    },
  };
}
