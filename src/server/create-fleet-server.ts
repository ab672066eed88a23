import type { Fleet, FleetStore } from '../fleet/index.ts';
import { createAddressGuard } from '../fleet/index.ts';
import { createFront, type RefusedConnection } from '../serve/index.ts';
import type { Clock } from '../shared/index.ts';
import { createLocalToken } from './access/local-token.ts';
import type { RestoreReport } from './api/services.ts';
import { ServerError } from './codes.ts';
import { createFleetApp, type FleetApp } from './create-fleet-app.ts';
import { problemAnswer } from './http/problem.ts';
import { Counted } from './limits/counted.ts';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from './limits/limits.ts';
import { TokenBuckets } from './limits/token-bucket.ts';
import { type Log, SILENT_LOG } from './observe/log.ts';
import { runLoops } from './run-loops.ts';
import { WebhookDelivery } from './webhooks/deliver.ts';
import { createPostDelivery } from './webhooks/post-delivery.ts';

/** A fleet with everything that it is kept in, open until disposed. */
export interface FleetHome extends AsyncDisposable {
  readonly fleet: Fleet;
  readonly store: FleetStore;
  /** Signs download URLs. */
  readonly tokenKey: Uint8Array;
  readonly maxArtifactBytes: number;
  /** Room on the disk that all of it is on; left out where there is none. */
  readonly freeBytes?: () => Promise<number>;
  /** A consistent copy of everything as one file, while it is in use; `null` where there is no such thing. */
  readonly backup: ((signal: AbortSignal) => AsyncIterable<Uint8Array>) | null;
}

/** Where a fleet is kept, and how it is saved and replaced as a whole. */
export interface FleetHomes {
  open(): Promise<FleetHome>;
  /** Takes an archive in and checks it, without touching what is there. */
  readonly receive: ((bytes: AsyncIterable<Uint8Array>) => Promise<ReceivedArchive>) | null;
}

/** An archive that was found good; disposing of it drops it. */
export interface ReceivedArchive extends AsyncDisposable {
  /** Puts it in place of what is there, which nobody has open any more. */
  putInPlace(): Promise<RestoreReport>;
}

/** How a fleet is served. */
export interface FleetServerOptions {
  readonly homes: FleetHomes;
  /** 0 for any that is free. */
  readonly port: number;
  /** The address to listen on. */
  readonly bind: string;
  readonly clock: Clock;
  /** Of the package, for the OpenAPI document. */
  readonly version: string;
  readonly limits?: Partial<ServerLimits>;
  readonly log?: Log;
  /** What URLs for devices begin with; by default the address by which they came. */
  readonly publicUrl?: string | null;
  /** Lets webhooks reach addresses of the own network. */
  readonly allowPrivateAddresses?: boolean;
  /** Whose connections are not counted: proxies. By default those of this machine. */
  readonly isProxy?: (address: string) => boolean;
}

/** A running fleet server. Disposing of it stops it as `stop` does. */
export interface FleetServer extends AsyncDisposable {
  readonly port: number;
  /** Under which this machine reaches it. */
  readonly url: string;
  /** An admin token that works until the server stops and is stored nowhere. */
  readonly localToken: string;
  /** What is served right now; another one after a restore. */
  readonly home: FleetHome;
  /** Ends streams, waits for what is going on (downloads too) at most this long, then closes all. */
  stop(graceMs?: number): Promise<void>;
}

const GRACE_MS = 10_000;
const RESTORE_GRACE_MS = 3000;
const RESTORE_RETRY_MS = 10_000;
const CROWD_RETRY_MS = 30_000;
/** Addresses that are remembered to have been refused. */
const MOST_REFUSED = 10_000;

/**
 * Serves a fleet on one port: management API, device protocols, HTTP/1.0, HTTP/1.1 and HTTP/2 with
 * prior knowledge; and does what time moves on.
 *
 * @throws ServeError `serve/port-taken`, `serve/cannot-listen`; what opening the fleet throws
 */
export async function createFleetServer(options: FleetServerOptions): Promise<FleetServer> {
  const { homes, clock, log = SILENT_LOG, limits, publicUrl = null, version } = options;
  const localToken = createLocalToken(clock.now());
  const guard = createAddressGuard(options.allowPrivateAddresses ?? false);
  const post = createPostDelivery(guard);

  // Two that put their databases in place at the same time would leave one that nobody has open.
  const restores = new Counted(1, 'restores');
  const refusals = new TokenBuckets({ burst: 10, perSecond: 0.1 }, MOST_REFUSED);

  const { connectionsPerAddress } = { ...DEFAULT_SERVER_LIMITS, ...limits };
  const front = createFront({
    clock,
    crowd: {
      perAddress: connectionsPerAddress,
      answer: problemAnswer(tooManyConnections(connectionsPerAddress)),
      ...(options.isProxy === undefined ? {} : { isExempt: options.isProxy }),
    },
    onHttp1: (request, response) => current.app.onHttp1(request, response),
    onHttp2: (stream, headers) => current.app.onHttp2(stream, headers),
    onRefused: (peer: string, why: RefusedConnection) => {
      current.app.metrics.refused(why);
      // Whoever is refused by the hundred is not worth as many lines.
      const isNew = refusals.take(`${peer} ${why}`, clock.monotonicMs()) === 0;
      if (isNew) log.info('connection refused', { peer, why });
    },
  });

  const serveHome = (home: FleetHome): Serving => {
    const { fleet, store, tokenKey, maxArtifactBytes, backup, freeBytes } = home;
    const { receive } = homes;
    const app = createFleetApp({
      fleet,
      store,
      clock,
      watchdog: front.watchdog,
      tokenKey,
      version,
      maxArtifactBytes,
      log,
      localToken,
      publicUrl,
      connections: () => front.connections,
      archive:
        backup === null || receive === null
          ? null
          : {
              backup,
              restore: async (bytes) => {
                using _place = restores.enter(RESTORE_RETRY_MS);
                await using archive = await receive(bytes);
                return await replace(archive);
              },
            },
      ...(freeBytes === undefined ? {} : { freeBytes }),
      ...(limits === undefined ? {} : { limits }),
    });
    const webhooks = new WebhookDelivery({
      store,
      events: fleet.events,
      clock,
      post,
      metrics: app.metrics,
      log,
    });
    const unsubscribe = fleet.events.subscribe((events) => app.metrics.events(events));
    const loops = runLoops({ fleet, store, clock, webhooks, log });
    return {
      app,
      home,
      close: async (graceMs, except) => {
        await app.stop(graceMs, except);
        unsubscribe();
        await loops[Symbol.asyncDispose]();
        await home[Symbol.asyncDispose]();
      },
    };
  };

  /** Ends what is served, puts the archive in place, and serves that. */
  const replace = async (archive: ReceivedArchive): Promise<RestoreReport> => {
    // The request that brings the archive is one of those that are going on.
    await current.close(RESTORE_GRACE_MS, 1);
    try {
      return await archive.putInPlace();
    } finally {
      // Whatever became of it, there is a fleet to serve: the one from the archive, or the old one.
      current = serveHome(await homes.open());
    }
  };

  const opened = await homes.open().catch(async (error: unknown) => {
    // The front watches over its connections from the beginning, which would keep the process alive.
    await front[Symbol.asyncDispose]();
    throw error;
  });
  let current = serveHome(opened);
  let port: number;
  try {
    ({ port } = await front.listen(options.port, options.bind));
  } catch (error) {
    await current.close(0, 0);
    await front[Symbol.asyncDispose]();
    throw error;
  }
  let stopped: Promise<void> | null = null;
  const stop = (graceMs = GRACE_MS): Promise<void> => {
    stopped ??= (async () => {
      await current.close(graceMs, 0);
      await front[Symbol.asyncDispose]();
    })();
    return stopped;
  };
  return {
    port,
    url: `http://${localHost(options.bind)}:${port}`,
    localToken: localToken.secret,
    get home() {
      return current.home;
    },
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

function tooManyConnections(most: number): ServerError {
  return new ServerError(
    'server/too-many-connections',
    `this address has ${most} connections open already`,
    {
      hint: 'Close those that are not needed, or start the server with --connections-per-address.',
      details: { most, retryAfterMs: CROWD_RETRY_MS },
    },
  );
}

/** What is served at a time. */
interface Serving {
  readonly app: FleetApp;
  readonly home: FleetHome;
  close(graceMs: number, except: number): Promise<void>;
}

/** An address of this machine on which a server that listens on `bind` can be reached. */
function localHost(bind: string): string {
  if (bind === '0.0.0.0') return '127.0.0.1';
  if (bind === '::') return '[::1]';
  return bind.includes(':') ? `[${bind}]` : bind;
}
