import { AsyncLocalStorage } from 'node:async_hooks';
import type { Actor } from './access/actor.ts';
import type { DeviceNews } from './devices/device-news.ts';
import type { EventHub } from './events/event-hub.ts';
import type { FleetEvent } from './events/fleet-event.ts';
import type { FleetStore, Repositories } from './repositories.ts';

/** One change in the making: everything that is done or said through it is stored together or not at all. */
export interface Change {
  readonly actor: Actor;
  /** The moment of the change, the same for all that belongs to it. */
  readonly atMs: number;
  readonly repositories: Repositories;
  /** Such as `audit('cohort.create', 'cohort/production')`; the actor and the time are known. */
  readonly audit: (
    action: string,
    subject: string,
    details?: Readonly<Record<string, unknown>>,
  ) => void;
  /** Such as `event('rollout.paused', { rolloutId, data: { reason } })`. */
  readonly event: (type: string, about?: EventAbout) => void;
  /** These devices may have something new to do; they hear of it once the change is stored. */
  readonly news: (deviceIds: Iterable<string>) => void;
}

/** What an event is about; everything may be left out. */
export interface EventAbout {
  readonly deviceId?: string | null;
  readonly rolloutId?: string | null;
  readonly data?: Readonly<Record<string, unknown>>;
}

/**
 * Runs something that changes the fleet in one transaction, with its audit entries and events in the same
 * one; live listeners and waiting devices hear of it only after it is stored. Must not be nested.
 */
export type ChangeRunner = <Result>(
  actor: Actor,
  work: (change: Change) => Promise<Result>,
) => Promise<Result>;

/** Stores something more with a change, knowing what comes of it. */
export type AlongWithChange = (repositories: Repositories, result: unknown) => Promise<void>;

const along = new AsyncLocalStorage<AlongWithChange>();

/** Has each change that `work` makes store something more, in the transaction of the change. */
export function withChanges<Result>(
  more: AlongWithChange,
  work: () => Promise<Result>,
): Promise<Result> {
  return along.run(more, work);
}

/** What a {@link ChangeRunner} is made of. */
export interface ChangeParts {
  readonly store: FleetStore;
  readonly now: () => number;
  readonly events: EventHub;
  readonly news: DeviceNews;
}

/** See {@link ChangeRunner}. */
export function createChangeRunner({ store, now, events, news }: ChangeParts): ChangeRunner {
  return async (actor, work) => {
    const more = along.getStore();
    const outcome = await store.transaction(async (repositories) => {
      const atMs = now();
      const said: Omit<FleetEvent, 'eventId'>[] = [];
      const audits: Parameters<Repositories['audit']['append']>[0][] = [];
      const told = new Set<string>();
      const result = await work({
        actor,
        atMs,
        repositories,
        audit: (action, subject, details = {}) => {
          audits.push({ atMs, actor, action, subject, details });
        },
        event: (type, { deviceId = null, rolloutId = null, data = {} } = {}) => {
          said.push({ atMs, type, deviceId, rolloutId, data });
        },
        news: (deviceIds) => {
          for (const deviceId of deviceIds) told.add(deviceId);
        },
      });
      for (const entry of audits) await repositories.audit.append(entry);
      const stored = said.length === 0 ? [] : await repositories.events.append(said);
      await more?.(repositories, result);
      return { result, stored, told };
    });
    events.publish(outcome.stored);
    news.tell(outcome.told);
    return outcome.result;
  };
}
