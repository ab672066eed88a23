import type { Artifact, Exchange, Front, SendOutcome } from '../../serve/index.ts';
import type { AccessToken, DeviceContact, Fleet } from '../../fleet/index.ts';
import type { Clock } from '../../shared/index.ts';
import type { Roles } from '../access/roles.ts';
import type { OpenWaits } from '../observe/open-waits.ts';
import type { SentBytes } from './downloads/download-ledger.ts';
import type { FaceDescription } from './face-description.ts';
import type { FaceRequest } from './face-request.ts';

/**
 * A device protocol. Faces stand in front of Express and get HTTP/1.0, HTTP/1.1 and HTTP/2 requests in
 * the same form. A request with a management token (`otk_…`) that the management API has a route for
 * goes there, so a face may share paths with it.
 */
export interface Face {
  /** For logs and metrics, such as `native`. */
  readonly name: string;
  readonly routes: readonly FaceRoute[];
}

/** One method of one path. Literal segments win over parameters. */
export interface FaceRoute {
  /** `GET` answers `HEAD` too. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Such as `/api/v1/devices/:deviceId/ota`; each `:name` is one segment, percent-decoded. */
  readonly path: string;
  /** For the OpenAPI document; without one the route is not in it. */
  readonly description?: FaceDescription;
  /**
   * Answers through `request.exchange`, now or later. What it throws is answered as
   * `application/problem+json`, unless an answer has begun: then the connection is broken off.
   */
  readonly handle: (request: FaceRequest) => void | Promise<void>;
}

/** Makes a face out of what it may use; called once when the server starts. */
export type CreateFace = (context: FaceContext) => Face;

/** What a face may use. */
export interface FaceContext {
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** One timer for all deadlines. */
  readonly watchdog: Front['watchdog'];
  /** Requests that wait for something to happen, for the metrics. */
  readonly waits: OpenWaits;
  /** Signs download URLs; lives in the data folder. */
  readonly tokenKey: Uint8Array;
  /** Aborted when the server stops: long polls and streams end then. */
  readonly signal: AbortSignal;
  /**
   * Who asks: `Authorization: Bearer <device secret>` or Basic `id:secret`. Counts against the
   * device's rate.
   *
   * @param deviceId who it says that it is; `null` to take the id out of Basic credentials
   * @throws ServerError `server/unauthorized`, `server/rate-limited`
   */
  authenticate(request: FaceRequest, deviceId: string | null): Promise<DeviceContact>;
  /**
   * A management token of one of these roles, for the few things that a device does before it has a
   * credential of its own. Counts against the token's rate.
   *
   * @throws ServerError `server/unauthorized`, `server/forbidden`, `server/rate-limited`
   */
  authorize(request: FaceRequest, roles: Roles): Promise<AccessToken>;
  /**
   * Answers with the bytes of an artifact (ranges, HEAD, conditions), within the limits on concurrent
   * downloads: of the device and of the server.
   *
   * @param of the device, and the package that the artifact is of, for what is told of it
   * @param open called once the download is admitted; disposed of when it is over
   * @throws ServerError `server/busy`, `server/rate-limited`, with `Retry-After`
   */
  download(
    exchange: Exchange,
    of: { readonly deviceId: string; readonly packageId: string },
    open: () => Promise<Artifact & AsyncDisposable>,
    observe?: DownloadObserver,
  ): Promise<SendOutcome>;
  /** Notes bytes of an artifact that were sent in another way than by `download`. */
  sent(bytes: SentBytes): Promise<void>;
  /** `http://host:port` by which the device reached us, for URLs in answers; no slash at the end. */
  baseUrl(request: FaceRequest): string;
}

/** Told how a download goes on. */
export interface DownloadObserver {
  readonly onStart?: (status: number) => void;
  readonly onProgress?: (sentBytes: number) => void;
}
