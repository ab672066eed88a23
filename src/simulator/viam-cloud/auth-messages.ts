import { type Message, proto3 } from '@bufbuild/protobuf';
import type { ProtoMessage, ProtoType } from '../../machine-config/index.ts';

/*
 * `proto.rpc.v1.AuthService`, whose messages the Viam SDK keeps to itself. Field numbers and types
 * are those of the public proto files.
 */

const STRING = 9;

interface CredentialsFields extends Message<CredentialsFields> {
  type: string;
  payload: string;
}

interface AuthenticateRequestFields extends Message<AuthenticateRequestFields> {
  entity: string;
  credentials?: CredentialsFields;
}

interface AuthenticateResponseFields extends Message<AuthenticateResponseFields> {
  accessToken: string;
}

const Credentials = proto3.makeMessageType<CredentialsFields>('proto.rpc.v1.Credentials', () => [
  { no: 1, name: 'type', kind: 'scalar', T: STRING },
  { no: 2, name: 'payload', kind: 'scalar', T: STRING },
]);

/** Who wants a token, and by what. */
export const AuthenticateRequest = proto3.makeMessageType<AuthenticateRequestFields>(
  'proto.rpc.v1.AuthenticateRequest',
  () => [
    { no: 1, name: 'entity', kind: 'scalar', T: STRING },
    { no: 2, name: 'credentials', kind: 'message', T: Credentials },
  ],
) as unknown as ProtoType<
  ProtoMessage & {
    readonly entity: string;
    readonly credentials?: { readonly type: string; readonly payload: string };
  }
>;

/** The token. */
export const AuthenticateResponse = proto3.makeMessageType<AuthenticateResponseFields>(
  'proto.rpc.v1.AuthenticateResponse',
  () => [{ no: 1, name: 'access_token', kind: 'scalar', T: STRING }],
) as unknown as ProtoType<ProtoMessage & { readonly accessToken: string }>;
