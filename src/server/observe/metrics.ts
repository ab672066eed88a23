import { type OpenWaits, WAIT_KINDS } from './open-waits.ts';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RefusedConnection } from '../../serve/index.ts';
import { type FleetEvent, type Repositories, ROLLOUT_STATES } from '../../fleet/index.ts';

/** What is asked for when somebody looks, rather than counted all the time. */
export interface MetricSources {
  readonly store: () => Pick<Repositories, 'devices' | 'rollouts' | 'artifacts' | 'events'>;
  readonly downloads: () => number;
  readonly uploads: () => number;
  readonly eventStreams: () => number;
  /** Of the front; `null` where somebody else has it. */
  readonly connections: (() => number) | null;
  /** Of the disk that everything is kept on; `null` where there is none. */
  readonly freeBytes: (() => Promise<number>) | null;
  /** Requests of devices that are kept open. */
  readonly waits: Pick<OpenWaits, 'count'>;
}

/** What the server counts, in the form that Prometheus reads. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** @param route an operation or a face, never a path: paths have ids in them */
  request(route: string, method: string, status: number, durationMs: number): void;
  /** A connection that was turned away before there was a request. */
  refused(why: RefusedConnection): void;
  downloaded(bytes: number, outcome: 'delivered' | 'cut'): void;
  /** Bytes of an artifact that were sent otherwise than as a download. */
  sent(bytes: number): void;
  events(events: readonly FleetEvent[]): void;
  webhook(outcome: 'delivered' | 'failed' | 'given-up'): void;
}

/** What clients send is theirs to choose; each label value costs memory for good. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const ONE = { page: 0, perPage: 1 } as const;

/** Metrics of one server, apart from those of any other in the process. */
export function createMetrics(sources: MetricSources): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register, prefix: 'otakit_' });
  // They are gauges with names of counters, which Prometheus objects to; the ones by type stay.
  for (const what of ['handles', 'requests', 'resources']) {
    register.removeSingleMetric(`otakit_nodejs_active_${what}_total`);
  }
  const durations = new Histogram({
    name: 'otakit_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const downloads = new Counter({
    name: 'otakit_downloads_total',
    help: 'Downloads of artifacts (or ranges of them) that ended.',
    labelNames: ['outcome'],
    registers,
  });
  const downloadedBytes = new Counter({
    name: 'otakit_download_bytes_total',
    help: 'Bytes of artifacts that were sent.',
    registers,
  });
  const refusedConnections = new Counter({
    name: 'otakit_connections_refused_total',
    help: 'Connections that were turned away before there was a request.',
    labelNames: ['reason'],
    registers,
  });
  const events = new Counter({
    name: 'otakit_events_total',
    help: 'Events by type.',
    labelNames: ['type'],
    registers,
  });
  const webhooks = new Counter({
    name: 'otakit_webhook_tries_total',
    help: 'Tries to deliver events to webhooks.',
    labelNames: ['outcome'],
    registers,
  });
  if (sources.connections !== null) {
    gauge('otakit_connections_open', 'Connections open.', sources.connections);
  }
  if (sources.freeBytes !== null) {
    gauge('otakit_disk_free_bytes', 'Room on the disk of the data folder.', sources.freeBytes);
  }
  gauge('otakit_downloads_open', 'Downloads going on.', sources.downloads);
  gauge('otakit_uploads_open', 'Uploads going on.', sources.uploads);
  gauge('otakit_event_streams_open', 'Event streams open.', sources.eventStreams);
  gauge('otakit_devices', 'Registered devices.', async () => {
    return (await sources.store().devices.list({}, ONE)).total;
  });
  gauge('otakit_artifacts', 'Artifacts.', async () => {
    return (await sources.store().artifacts.list({}, ONE)).total;
  });
  gauge('otakit_last_event_id', 'The id of the last event.', () => sources.store().events.lastId());
  const waits = new Gauge({
    name: 'otakit_device_waits_open',
    help: 'Requests of devices that are kept open until there is something for them.',
    labelNames: ['kind'],
    registers,
    collect: () => {
      for (const kind of WAIT_KINDS) waits.set({ kind }, sources.waits.count(kind));
    },
  });
  const rollouts = new Gauge({
    name: 'otakit_rollouts',
    help: 'Rollouts by state.',
    labelNames: ['state'],
    registers,
    collect: async () => {
      for (const state of ROLLOUT_STATES) {
        const { total } = await sources.store().rollouts.list({ states: [state] }, ONE);
        rollouts.set({ state }, total);
      }
    },
  });

  function gauge(name: string, help: string, read: () => number | Promise<number>): void {
    const made: Gauge = new Gauge({
      name,
      help,
      registers,
      collect: async () => made.set(await read()),
    });
  }

  return {
    contentType: register.contentType,
    text: () => register.metrics(),
    request: (route, method, status, durationMs) =>
      durations.observe(
        { route, method: METHODS.has(method) ? method : 'other', status },
        durationMs / 1000,
      ),
    refused: (reason) => refusedConnections.inc({ reason }),
    downloaded: (bytes, outcome) => {
      downloads.inc({ outcome });
      downloadedBytes.inc(bytes);
    },
    sent: (bytes) => downloadedBytes.inc(bytes),
    events: (list) => {
      for (const { type } of list) events.inc({ type });
    },
    webhook: (outcome) => webhooks.inc({ outcome }),
  };
}
