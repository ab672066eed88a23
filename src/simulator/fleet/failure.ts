/** The server could not be reached, or the connection broke: tried again later. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** The server answered with an error. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  /** The `code` of the problem document, where there is one. */
  readonly code: string | null;
  /** What `Retry-After` says. */
  readonly retryAfterMs: number | null;
  /** The highest boot count that the server has of the device, where it refused a report for that. */
  readonly lastBootCount: number | null;

  constructor(
    status: number,
    code: string | null,
    detail: string,
    retryAfterMs: number | null,
    lastBootCount: number | null = null,
  ) {
    super(detail);
    this.lastBootCount = lastBootCount;
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The device gave an update up, in the words that it reports. */
export class UpdateGivenUp extends Error {
  override readonly name = 'UpdateGivenUp';
}
