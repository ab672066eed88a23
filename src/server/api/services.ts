import type { Fleet, FleetStore } from '../../fleet/index.ts';
import type { Front } from '../../serve/index.ts';
import type { Clock } from '../../shared/index.ts';
import type { Authorizer } from '../access/authorizer.ts';
import type { EventStreams } from '../events/event-streams.ts';
import type { Counted } from '../limits/counted.ts';
import type { ServerLimits } from '../limits/limits.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';

/** What the handlers of the management API work with. */
export interface ApiServices {
  readonly fleet: Fleet;
  readonly store: FleetStore;
  readonly clock: Clock;
  readonly watchdog: Front['watchdog'];
  readonly limits: ServerLimits;
  readonly maxArtifactBytes: number;
  readonly authorizer: Authorizer;
  readonly eventStreams: EventStreams;
  readonly uploads: Counted;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
  /** `null` where the fleet is not in a folder of its own. */
  readonly archive: Archive | null;
}

/** Backup and restore of everything, while running. */
export interface Archive {
  /** A consistent copy of the whole fleet as one file, as it is made. */
  readonly backup: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  /** Replaces everything; what was there before is kept beside it. */
  readonly restore: (bytes: AsyncIterable<Uint8Array>) => Promise<RestoreReport>;
}

/** What a restore found in the archive. */
export interface RestoreReport {
  readonly createdAtMs: number;
  readonly artifacts: number;
  readonly devices: number;
  /** Where the database from before is; `null` where there was none. */
  readonly keptAs: string | null;
}
