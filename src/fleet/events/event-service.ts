import type { FleetContext } from '../context.ts';
import type { EventService } from '../fleet.ts';

/** What happened, from the store, and what happens, live. */
export function createEventService({ store, events }: FleetContext): EventService {
  return {
    after: (eventId, limit, filter) => store.read.events.after(eventId, limit, filter),
    subscribe: (listener) => events.subscribe(listener),
    lastId: () => store.read.events.lastId(),
  };
}
