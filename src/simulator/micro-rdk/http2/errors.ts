import type { ErrorName } from './frames.ts';

/** Who ended a stream or a connection: the server, or the client because of what the server sent. */
export type Initiator = 'Remote' | 'Library';

/**
 * The client's failures. `message` is the short text that the device logs; `detail` is what its
 * connection task logs beside it.
 */
export class Http2Failure extends Error {
  readonly detail: string;

  constructor(message: string, detail: string) {
    super(message);
    this.detail = detail;
  }
}

/** The connection or the request broke before there was a response. */
export function requestFailure(cause: BrokenConnection): Http2Failure {
  return cause.kind === 'io'
    ? new Http2Failure('connection error', cause.detail)
    : new Http2Failure('http2 error', cause.detail);
}

/** The body broke off. */
export function bodyFailure(cause: BrokenConnection): Http2Failure {
  return new Http2Failure('error reading a body from connection', cause.detail);
}

/** Why nothing more will come. */
export interface BrokenConnection {
  readonly kind: 'io' | 'protocol';
  readonly detail: string;
}

export function resetBy(initiator: Initiator, reason: ErrorName): BrokenConnection {
  return { kind: 'protocol', detail: `Reset(StreamId(1), ${reason}, ${initiator})` };
}

export function goAwayBy(initiator: Initiator, reason: ErrorName): BrokenConnection {
  return { kind: 'protocol', detail: `GoAway(b"", ${reason}, ${initiator})` };
}

export function closed(detail: string): BrokenConnection {
  return { kind: 'io', detail };
}
