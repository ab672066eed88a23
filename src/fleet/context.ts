import type { Clock } from '../shared/index.ts';
import type { S3Access } from './artifacts/s3.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import { type ChangeRunner, createChangeRunner } from './change.ts';
import { createDeviceNews, type DeviceNews } from './devices/device-news.ts';
import { createEventHub, type EventHub } from './events/event-hub.ts';
import type { FleetStore } from './repositories.ts';

/** How this fleet is run. */
export interface FleetOptions {
  /** Offer nothing to devices that no registered, unrevoked key has signed. */
  readonly requireSignatures: boolean;
  /** Let artifacts be fetched from addresses of the own network. */
  readonly allowPrivateAddresses: boolean;
  /** No artifact is larger. */
  readonly maxArtifactBytes: number;
  /** How long fetching an artifact from an address may take. */
  readonly fetchTimeoutMs: number;
  /** Credentials for `s3:` addresses; `null` where there are none. */
  readonly s3: S3Access | null;
  /** How often devices ask when nothing is to be expected; each answer varies it by a fifth. */
  readonly pollIntervalMs: number;
}

/** What an embedder gets without saying anything. */
export const DEFAULT_FLEET_OPTIONS: FleetOptions = {
  requireSignatures: false,
  allowPrivateAddresses: false,
  maxArtifactBytes: 64 * 1024 * 1024,
  fetchTimeoutMs: 10 * 60_000,
  s3: null,
  pollIntervalMs: 5 * 60_000,
};

/** What every service of the fleet is made from. */
export interface FleetContext {
  /** For reading; what changes something goes through `change`. */
  readonly store: FleetStore;
  readonly blobs: BlobStore;
  /** Digests of bytes that stay though no artifact has them; `null`: all stay. */
  readonly keptBlobs: ReadonlySet<string> | null;
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly options: FleetOptions;
  /** The way to change something: stored, audited and told in one piece. */
  readonly change: ChangeRunner;
  readonly events: EventHub;
  readonly news: DeviceNews;
  /** What went wrong aside, where nobody waits for an answer. */
  readonly onError: (error: unknown) => void;
}

/** What a {@link FleetContext} is made from. */
export interface FleetParts {
  readonly store: FleetStore;
  readonly blobs: BlobStore;
  /** Digests of bytes that stay though no artifact has them; `null`: all stay. By default none do. */
  readonly keptBlobs?: ReadonlySet<string> | null;
  readonly clock: Clock;
  /** By default the machine's own secure random bytes. */
  readonly randomBytes?: (count: number) => Uint8Array;
  readonly options?: Partial<FleetOptions>;
  readonly onError?: (error: unknown) => void;
}

/** Puts together what the services share. */
export function createFleetContext(parts: FleetParts): FleetContext {
  const { store, blobs, clock, keptBlobs = new Set(), onError = () => undefined } = parts;
  const events = createEventHub(onError);
  const news = createDeviceNews(onError);
  return {
    store,
    blobs,
    keptBlobs,
    clock,
    randomBytes: parts.randomBytes ?? ((count) => crypto.getRandomValues(new Uint8Array(count))),
    options: { ...DEFAULT_FLEET_OPTIONS, ...parts.options },
    change: createChangeRunner({ store, now: () => clock.now(), events, news }),
    events,
    news,
    onError,
  };
}
