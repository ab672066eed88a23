import { createFleetContext, type FleetParts } from './context.ts';
import { createEventService } from './events/event-service.ts';

/**
 * The whole fleet over a store and a place for bytes. It starts no timers: somebody calls
 * `rollouts.tick()` and the like. Disposing it closes the store.
 *
 * @example
 * await using fleet = createFleet({ store, blobs, clock: systemClock });
 */
export function createFleet(parts: FleetParts) {
  const context = createFleetContext(parts);
  return {
    audit: { list: context.store.read.audit.list.bind(context.store.read.audit) },
    events: createEventService(context),
    [Symbol.asyncDispose]: () => context.store[Symbol.asyncDispose](),
  };
}
