import type { ProtoMessage, ProtoType } from '../../../machine-config/index.ts';

/** What a handler learns of a call beside its request. */
export interface RpcCall {
  /** The whole name: `/viam.app.v1.AppService/GetRobotPart`. */
  readonly path: string;
  /** What follows `Bearer ` in the authorization header, if anything does. */
  readonly token: string | null;
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal;
}

/** One remote procedure; a stream answers with any number of messages. */
export interface RpcMethod {
  readonly request: ProtoType;
  /** Before the request is even looked at: authentication, faults. Throws an `RpcStatus`. */
  readonly admit: (call: RpcCall) => Promise<void>;
  readonly answer: (request: ProtoMessage, call: RpcCall) => AsyncIterable<ProtoMessage>;
}

/** All procedures by their whole names. */
export type RpcMethods = ReadonlyMap<string, RpcMethod>;
