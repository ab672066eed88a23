import type { ProtoMessage, ProtoType, ViamSdk } from '../../../machine-config/index.ts';
import type { Access, Principal } from '../access.ts';
import type { Faults } from '../faults.ts';
import type { RpcCall, RpcMethod } from '../rpc/method.ts';
import type { CloudState } from '../state.ts';

/** What every service works with. */
export interface ServiceParts {
  readonly sdk: ViamSdk;
  readonly state: CloudState;
  readonly access: Access;
  readonly faults: Faults;
}

/** A `google.protobuf.Timestamp` as fields. */
export interface TimestampFields {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** One request, one answer. */
export function unary<Request extends ProtoMessage>(
  { access, faults }: ServiceParts,
  request: ProtoType<Request>,
  answer: (request: Request, caller: Principal) => ProtoMessage,
): RpcMethod {
  return {
    request,
    admit: async (call) => {
      access.identify(call.token);
      await faults.strike(call);
    },
    answer: async function* (message, { token }) {
      yield answer(message as Request, access.identify(token));
    },
  };
}

/** One request, any number of answers. */
export function serverStream<Request extends ProtoMessage>(
  { access, faults }: ServiceParts,
  request: ProtoType<Request>,
  answer: (request: Request, caller: Principal, call: RpcCall) => AsyncIterable<ProtoMessage>,
): RpcMethod {
  return {
    request,
    admit: async (call) => {
      access.identify(call.token);
      await faults.strike(call);
    },
    answer: (message, call) => answer(message as Request, access.identify(call.token), call),
  };
}

const NANOS_PER_MS = 1_000_000;

/** Milliseconds as a timestamp. */
export function timestamp(ms: number): TimestampFields {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round(ms - seconds * 1000) * NANOS_PER_MS };
}

/** A timestamp in milliseconds. */
export function milliseconds({ seconds, nanos }: TimestampFields): number {
  return Number(seconds) * 1000 + nanos / NANOS_PER_MS;
}
