import type { StructMessage, UpdateRequest } from '../../../machine-config/index.ts';
import type { Principal } from '../access.ts';
import { RpcStatus, STATUS } from '../rpc/status.ts';
import type { CloudState, StoredConfig } from '../state.ts';
import { milliseconds } from './service.ts';

/** Lets whoever has an API key pass. */
export function mayRead(caller: Principal): void {
  if (caller.kind === 'api-key') return;
  throw new RpcStatus(STATUS.permissionDenied, 'a device may not use the app’s API');
}

/** Lets whoever has an API key pass that is not for reading only. */
export function mayWrite(caller: Principal): void {
  mayRead(caller);
  if (caller.kind === 'api-key' && caller.role === 'operator') return;
  throw new RpcStatus(STATUS.permissionDenied, 'this API key may only read');
}

/** Replaces a config as a request says, unless it was written after the update that the request knows of. */
export function writeConfig(
  state: CloudState,
  stored: StoredConfig,
  { name, lastKnownUpdate }: UpdateRequest,
  config: StructMessage | undefined,
  caller: Principal,
): void {
  mayWrite(caller);
  if (name === '') throw new RpcStatus(STATUS.invalidArgument, 'the name is missing');
  const lastKnownUpdateMs = lastKnownUpdate && milliseconds(lastKnownUpdate);
  const written = { name, config: config?.toJson() ?? {} };
  state.write(stored, written, { editedBy: caller.id, lastKnownUpdateMs });
}
