import { checkTag, refusalOf } from '../machine-config/index.ts';
import { type Clock, systemClock } from '../shared/index.ts';
import { memoryArtifact } from './artifact.ts';
import type { ConnectionLimits } from './connection.ts';
import { DeviceDownloads } from './device-downloads.ts';
import { artifactFileName, checkHost, downloadUrl } from './download-url.ts';
import { EventStreams } from './event-streams.ts';
import type { DownloadEvent, ListeningEvent, ServeEvent } from './events.ts';
import type { Exchange } from './exchange.ts';
import { createFront, type RefusedConnection } from './front.ts';
import { http1Exchange } from './http1-exchange.ts';
import { http2Exchange } from './http2-exchange.ts';
import type { Patience } from './patience.ts';
import { textHeaders } from './plan-response.ts';
import { Publications } from './publications.ts';
import { serveRequest } from './serve-request.ts';

const REFUSED_WITH: Partial<Record<RefusedConnection, number>> = {
  malformed: 400,
  'too-many': 429,
};
const DAY_MS = 24 * 60 * 60 * 1000;

/** Where to serve, under which address, and with which limits. */
export interface OtaServerOptions {
  /** 0 for any that is free. */
  readonly port: number;
  /** The address to listen on, `0.0.0.0` by default. */
  readonly bind?: string;
  /** What stands in the URL: the address that devices reach this machine by. */
  readonly host: string;
  /** Signs the download tokens; `null` serves everybody. */
  readonly key: Uint8Array | null;
  /** How long a URL works, 24 hours by default. */
  readonly ttlMs?: number;
  /** Told of everything that happens, in order. */
  readonly onEvent?: (event: ServeEvent) => void;
  readonly patience?: Patience;
  readonly limits?: ConnectionLimits;
  readonly clock?: Clock;
}

/** What is published: finished bytes, which must not be written to any more. */
export interface ImageToPublish {
  readonly bytes: Uint8Array;
  /** Ends the URL, reduced to safe characters. */
  readonly fileName: string;
  readonly tag: string;
  /** The SHA-256 that the image ends with, or `null`. */
  readonly imageHash?: string | null;
}

/** A running server. Disposing of it breaks downloads off and frees the port. */
export interface OtaServer extends AsyncDisposable {
  readonly port: number;
  /**
   * Offers an image under a URL of its own, which is a credential unless the server has no key. The one before stays reachable under its own URL, and
   * downloads in flight go on with the bytes that they began with.
   *
   * @throws MachineConfigError for a tag that devices do not take; ServeError `serve/url-too-long`
   */
  publish(image: ImageToPublish): ListeningEvent;
  /** The URL of the latest image, or `null` before there is one. */
  url(): string | null;
}

/**
 * Starts a server for over-the-air updates: one port, HTTP/1.0, HTTP/1.1 and HTTP/2 with prior
 * knowledge, one URL per image.
 *
 * @throws ServeError `serve/port-taken`, `serve/cannot-listen`, `serve/bad-host`
 */
export async function createOtaServer(options: OtaServerOptions): Promise<OtaServer> {
  const { clock = systemClock, ttlMs = DAY_MS, onEvent = () => {}, patience, limits } = options;
  const host = checkHost(options.host);
  const publications = new Publications(options.key);
  const downloads = new DeviceDownloads(clock);
  const stop = new AbortController();
  const active = new Set<Promise<void>>();
  let requests = 0;

  const track = (work: Promise<void>) => {
    const tracked = work.finally(() => active.delete(tracked));
    active.add(tracked);
  };
  const answer = (exchange: Exchange) => {
    const { method, target, peerAddress: device } = exchange;
    const found = publications.find(target, clock.now());
    if (found.kind === 'refused') {
      const status = found.reason === 'not-found' ? 404 : 403;
      // The same for wrong and expired tokens, so that nothing can be learnt by trying.
      const body = status === 404 ? 'Not Found\n' : 'Forbidden\n';
      exchange.answer(status, textHeaders(body), body);
      onEvent({ event: 'rejected', device, reason: found.reason, status, method });
      return;
    }
    if (found.kind === 'events') {
      const isAllowed = () => publications.find(target, clock.now()).kind === 'events';
      const watch = async () => {
        const refused = await streams.answer(exchange, found.journal, isAllowed);
        if (refused !== null) onEvent({ event: 'rejected', device, ...refused, method });
      };
      track(watch());
      return;
    }
    const { publication } = found;
    requests += 1;
    const request = serveRequest(exchange, publication, requests, {
      clock,
      watchdog: front.watchdog,
      downloads,
      onEvent: (event: DownloadEvent) => {
        publication.journal.add(event);
        onEvent(event);
      },
      signal: stop.signal,
      ...(patience === undefined ? {} : { patience }),
    });
    track(request);
  };

  const front = createFront({
    clock,
    onHttp1: (request, response) => answer(http1Exchange(request, response, front.watchdog)),
    onHttp2: (stream, headers) => answer(http2Exchange(stream, headers, front.watchdog)),
    onRefused: (device: string, reason: RefusedConnection) => {
      const status = REFUSED_WITH[reason] ?? null;
      onEvent({ event: 'rejected', device, reason, status, method: null });
    },
    ...(limits === undefined ? {} : { limits }),
  });
  const streams = new EventStreams({ clock, watchdog: front.watchdog, signal: stop.signal });
  let port: number;
  try {
    ({ port } = await front.listen(options.port, options.bind ?? '0.0.0.0'));
  } catch (error) {
    await front[Symbol.asyncDispose]();
    throw error;
  }
  const urlOf = (path: string) => downloadUrl(host, port, path);

  return {
    port,
    publish: ({ bytes, fileName, tag, imageHash = null }) => {
      const errors = checkTag(tag).filter((issue) => issue.severity === 'error');
      if (errors.length > 0) throw refusalOf(errors);
      const name = artifactFileName(fileName);
      urlOf(`/${'t'.repeat(28)}/${name}`);
      const artifact = memoryArtifact(bytes, imageHash);
      const { path, expiresAtMs } = publications.publish(artifact, tag, name, clock.now() + ttlMs);
      const { sha256, sizeBytes } = artifact;
      const expiresAt = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
      const url = urlOf(path);
      const event: ListeningEvent = { event: 'listening', url, tag, sha256, sizeBytes, expiresAt };
      onEvent(event);
      return event;
    },
    url: () => (publications.current === null ? null : urlOf(publications.current.path)),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await front[Symbol.asyncDispose]();
      await Promise.allSettled(active);
    },
  };
}
