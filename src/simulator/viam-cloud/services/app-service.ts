import type { LogEntryMessage, TimestampMessage } from '../../../machine-config/index.ts';
import type { RpcMethod } from '../rpc/method.ts';
import type { StoredConfig, StoredPart } from '../state.ts';
import { fragmentMethods } from './fragment-methods.ts';
import { mayRead, mayWrite, writeConfig } from './permissions.ts';
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

  const methods: Record<string, RpcMethod> = {
    GetRobotPart: unary(parts, api.GetRobotPartRequest, ({ id }, caller) => {
      mayRead(caller);
      const part = state.part(id);
      const configJson = JSON.stringify(part.config);
      return new api.GetRobotPartResponse({ part: partMessage(part), configJson });
    }),
    UpdateRobotPart: unary(parts, api.UpdateRobotPartRequest, (request, caller) => {
      const part = state.part(request.id);
      writeConfig(state, part, request, request.robotConfig, caller);
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
    ...fragmentMethods(parts),
  };
  return Object.entries(methods).map(([name, method]) => [
    `/viam.app.v1.AppService/${name}`,
    method,
  ]);
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
