import { AuthenticateRequest, AuthenticateResponse } from '../auth-messages.ts';
import type { RpcMethod } from '../rpc/method.ts';
import type { ServiceParts } from './service.ts';

/** `proto.rpc.v1.AuthService`: credentials in, token out. */
export function authService({
  state,
  access,
  faults,
}: ServiceParts): readonly [string, RpcMethod][] {
  const authenticate: RpcMethod = {
    request: AuthenticateRequest,
    admit: (call) => faults.strike(call),
    answer: async function* (message) {
      const { entity, credentials } = AuthenticateRequest.fromBinary(message.toBinary());
      const { type = '', payload = '' } = credentials ?? {};
      yield new AuthenticateResponse({
        accessToken: access.authenticate(state, entity, type, payload),
      });
    },
  };
  return [['/proto.rpc.v1.AuthService/Authenticate', authenticate]];
}
