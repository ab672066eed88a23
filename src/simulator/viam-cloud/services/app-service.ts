import type {
  LogEntryMessage,
  StructMessage,
  TimestampMessage,
  UpdateRequest,
} from '../../../machine-config/index.ts';
import type { Principal } from '../access.ts';
import type { RpcMethod } from '../rpc/method.ts';
import { RpcStatus, STATUS } from '../rpc/status.ts';
import type { StoredConfig, StoredPart } from '../state.ts';
import { milliseconds, serverStream, type ServiceParts, timestamp, unary } from './service.ts';

const DEFAULT_PAGE = 100;

/** `viam.app.v1.AppService`, as far as updating machine configs needs it. */
export function appService(parts: ServiceParts): readonly [string, RpcMethod][] {
  const { sdk, state } = parts;
  const { appApi: api, Struct } = sdk;

  const partMessage = (part: StoredPart, past: Partial<StoredConfig> = part) =>
    new api.RobotPart({
      id: part.id,
      name: past.name,
      secret: part.secret,
      robotConfig: Struct.fromJson(past.config ?? {}),
      mainPart: true,
      lastUpdated: timestamp(past.updatedAtMs ?? part.updatedAtMs),
      createdOn: timestamp(part.createdAtMs),
      ...(part.lastAccessMs === null ? {} : { lastAccess: timestamp(part.lastAccessMs) }),
    });
  const fragmentMessage = (fragment: StoredConfig, past: Partial<StoredConfig> = fragment) =>
    new api.Fragment({
      id: fragment.id,
      name: past.name,
      fragment: Struct.fromJson(past.config ?? {}),
      lastUpdated: timestamp(past.updatedAtMs ?? fragment.updatedAtMs),
      createdOn: timestamp(fragment.createdAtMs),
      revision: String(fragment.history.length + 1),
    });
  const update = (
    stored: StoredConfig,
    { name, lastKnownUpdate }: UpdateRequest,
    config: StructMessage | undefined,
    caller: Principal,
  ) => {
    if (name === '') throw new RpcStatus(STATUS.invalidArgument, 'the name is missing');
    const lastKnownUpdateMs = lastKnownUpdate && milliseconds(lastKnownUpdate);
    const written = { name, config: config?.toJson() ?? {} };
    state.write(stored, written, { editedBy: caller.id, lastKnownUpdateMs });
  };

  const methods: Record<string, RpcMethod> = {
    GetRobotPart: unary(parts, api.GetRobotPartRequest, ({ id }, caller) => {
      mayRead(caller);
      const part = state.part(id);
      const configJson = JSON.stringify(part.config);
      return new api.GetRobotPartResponse({ part: partMessage(part), configJson });
    }),
    UpdateRobotPart: unary(parts, api.UpdateRobotPartRequest, (request, caller) => {
      mayWrite(caller);
      const part = state.part(request.id);
      update(part, request, request.robotConfig, caller);
      return new api.UpdateRobotPartResponse({ part: partMessage(part) });
    }),
    GetRobotPartHistory: unary(parts, api.GetRobotPartHistoryRequest, ({ id }, caller) => {
      mayRead(caller);
      const part = state.part(id);
      const history = part.history.toReversed().map((past) => ({
        part: id,
        when: timestamp(past.atMs),
        old: partMessage(part, past),
        editedBy: { value: past.editedBy },
      }));
      return new api.GetRobotPartHistoryResponse({ history });
    }),
    GetRobotPartLogs: unary(parts, api.GetRobotPartLogsRequest, (request, caller) => {
      mayRead(caller);
      // The app lists the newest entry first; a page token is where to go on.
      const found = state.part(request.id).logs.filter(wanted(request)).toReversed();
      const from = Number(request.pageToken ?? 0);
      const to = from + Number(request.limit ?? DEFAULT_PAGE);
      const nextPageToken = to < found.length ? String(to) : '';
      return new api.GetRobotPartLogsResponse({ logs: found.slice(from, to), nextPageToken });
    }),
    TailRobotPartLogs: serverStream(
      parts,
      api.TailRobotPartLogsRequest,
      async function* ({ id, filter }, caller, { signal }) {
        mayRead(caller);
        const part = state.part(id);
        let last = part.logs.at(-1);
        while (!signal.aborted) {
          await state.nextLog(signal);
          const logs = part.logs
            .slice(last === undefined ? 0 : part.logs.lastIndexOf(last) + 1)
            .filter(wanted(filter === undefined ? {} : { filter }));
          last = part.logs.at(-1);
          if (logs.length > 0) yield new api.TailRobotPartLogsResponse({ logs });
        }
      },
    ),
    MarkPartForRestart: unary(parts, api.MarkPartForRestartRequest, ({ partId }, caller) => {
      mayWrite(caller);
      state.part(partId).mustRestart = true;
      return new api.MarkPartForRestartResponse();
    }),
    GetFragment: unary(parts, api.GetFragmentRequest, ({ id }, caller) => {
      mayRead(caller);
      return new api.GetFragmentResponse({ fragment: fragmentMessage(state.fragment(id)) });
    }),
    UpdateFragment: unary(parts, api.UpdateFragmentRequest, (request, caller) => {
      mayWrite(caller);
      const fragment = state.fragment(request.id);
      update(fragment, request, request.config, caller);
      return new api.UpdateFragmentResponse({ fragment: fragmentMessage(fragment) });
    }),
    GetFragmentHistory: unary(parts, api.GetFragmentHistoryRequest, ({ id }, caller) => {
      mayRead(caller);
      const fragment = state.fragment(id);
      const history = fragment.history.toReversed().map((past) => ({
        fragment: id,
        editedOn: timestamp(past.atMs),
        old: fragmentMessage(fragment, past),
        editedBy: { value: past.editedBy },
        config: Struct.fromJson(past.config),
      }));
      return new api.GetFragmentHistoryResponse({ history, nextPageToken: '' });
    }),
  };
  return Object.entries(methods).map(([name, method]) => [
    `/viam.app.v1.AppService/${name}`,
    method,
  ]);
}

function mayRead(caller: Principal): void {
  if (caller.kind === 'api-key') return;
  throw new RpcStatus(STATUS.permissionDenied, 'a device may not use the app’s API');
}

function mayWrite(caller: Principal): void {
  mayRead(caller);
  if (caller.kind === 'api-key' && caller.role === 'operator') return;
  throw new RpcStatus(STATUS.permissionDenied, 'this API key may only read');
}

interface LogFilter {
  readonly filter?: string;
  readonly levels?: readonly string[];
  readonly start?: TimestampMessage;
  readonly end?: TimestampMessage;
}

function wanted({ filter = '', levels = [], start, end }: LogFilter) {
  const [startMs, endMs] = [start && milliseconds(start), end && milliseconds(end)];
  return ({ message, level, time }: LogEntryMessage) => {
    const atMs = time === undefined ? 0 : milliseconds(time);
    return (
      message.includes(filter) &&
      (levels.length === 0 || levels.includes(level.toLowerCase())) &&
      atMs >= (startMs ?? -Infinity) &&
      atMs <= (endMs ?? Infinity)
    );
  };
}
