/** The gRPC status codes that the virtual cloud answers with. */
export const STATUS = {
  ok: 0,
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Ends a call with a gRPC status; what the client gets instead of an answer. */
export class RpcStatus extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'RpcStatus';
    this.status = status;
  }
}
