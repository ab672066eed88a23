import type { CutReason } from './send-artifact.ts';
import type { HttpProtocol } from './exchange.ts';

/** An image is offered from now on under this URL. The only event that carries the token. */
export interface ListeningEvent {
  readonly event: 'listening';
  readonly url: string;
  readonly tag: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** ISO 8601; `null` without a token, which then never expires. */
  readonly expiresAt: string | null;
}

/** A device asked for the image and is being answered. */
export interface RequestEvent {
  readonly event: 'request';
  /** Counts requests; the same in all events about one. */
  readonly id: number;
  /** The address that the request came from. */
  readonly device: string;
  readonly method: string;
  readonly protocol: HttpProtocol;
  readonly status: number;
  /** First and last byte of a part, as in `Content-Range`; `null` for the whole or for no body. */
  readonly range: readonly [first: number, last: number] | null;
  readonly userAgent: string | null;
  readonly tag: string;
}

/** How much of the image a device has by now, over all its requests. */
export interface ProgressEvent {
  readonly event: 'progress';
  readonly id: number;
  readonly device: string;
  readonly sentBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  readonly tag: string;
}

/** A device has every byte of the image, by one request or by several for its parts. */
export interface CompleteEvent {
  readonly event: 'complete';
  readonly id: number;
  readonly device: string;
  readonly sentBytes: number;
  readonly durationMs: number;
  readonly tag: string;
}

/** A download ended before its last byte. */
export interface AbortedEvent {
  readonly event: 'aborted';
  readonly id: number;
  readonly device: string;
  /** At most: some of it may have been under way still. */
  readonly sentBytes: number;
  readonly totalBytes: number;
  readonly reason: CutReason;
  readonly tag: string;
}

/** Why a request or a connection got nothing. */
export type RejectReason =
  | 'wrong-token'
  | 'expired-token'
  | 'not-found'
  | 'method'
  | 'precondition'
  | 'range'
  | 'busy'
  | 'tls'
  | 'malformed'
  | 'too-slow'
  | 'too-many'
  | 'full';

/** A request, or a connection that never made one, was refused. */
export interface RejectedEvent {
  readonly event: 'rejected';
  readonly device: string;
  readonly reason: RejectReason;
  /** `null` where the connection was closed without an answer. */
  readonly status: number | null;
  readonly method: string | null;
}

/** What happens between the server and a device. */
export type DownloadEvent =
  | RequestEvent
  | ProgressEvent
  | CompleteEvent
  | AbortedEvent
  | RejectedEvent;

/** What a server reports while it runs; each is one line of `serve --json`. */
export type ServeEvent = ListeningEvent | DownloadEvent;
