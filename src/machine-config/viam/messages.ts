import type { JsonObject, JsonValue } from '../document.ts';

/*
 * The protobuf messages of the Viam app that otakit uses, with the fields that it looks at. The
 * classes are the SDK's; see `sdk.ts` for why the types are not.
 */

/** A protobuf message. */
export interface ProtoMessage {
  toBinary(): Uint8Array<ArrayBuffer>;
  toJson(): JsonValue;
}

/** A protobuf message type. */
export interface ProtoType<Message extends ProtoMessage = ProtoMessage> {
  readonly typeName: string;
  new (fields?: object): Message;
  fromBinary(bytes: Uint8Array): Message;
  fromJson(json: JsonValue): Message;
}

/** `google.protobuf.Timestamp`. */
export interface TimestampMessage extends ProtoMessage {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** `google.protobuf.Struct`: a JSON object on the wire. */
export interface StructMessage extends ProtoMessage {
  toJson(): JsonObject;
}

/** `viam.app.v1.RobotPart`, as far as otakit looks at it. It holds secrets: never log one whole. */
export interface RobotPartMessage extends ProtoMessage {
  readonly id: string;
  readonly name: string;
  readonly robotConfig?: StructMessage;
  readonly lastUpdated?: TimestampMessage;
}

/** `viam.app.v1.Fragment`. */
export interface FragmentMessage extends ProtoMessage {
  readonly id: string;
  readonly name: string;
  readonly fragment?: StructMessage;
  readonly lastUpdated?: TimestampMessage;
}

/** `viam.app.v1.FragmentTag`: a name for a revision, which moves when somebody moves it. */
export interface FragmentTagMessage {
  readonly tag: string;
  readonly revision: string;
}

/** `viam.app.v1.FragmentUsage`: how many machines use a fragment at one version. */
export interface FragmentUsageMessage {
  readonly machines: number;
  /** The revision or tag that they name; left out where they follow the newest. */
  readonly version?: string;
}

/** `viam.common.v1.LogEntry`. */
export interface LogEntryMessage extends ProtoMessage {
  readonly host: string;
  readonly level: string;
  readonly time?: TimestampMessage;
  readonly loggerName: string;
  readonly message: string;
}

/** A request that names a part or a fragment. */
export interface IdRequest extends ProtoMessage {
  readonly id: string;
}

/** `GetFragmentRequest`. */
export interface FragmentRequest extends IdRequest {
  /** A revision or a tag; the newest revision where it is left out. */
  readonly version?: string;
}

/** `SetFragmentTagRequest`. */
export interface TagRequest extends ProtoMessage {
  readonly fragmentId: string;
  readonly tag: string;
  readonly revision: string;
}

/** `GetRobotPartLogsRequest`. */
export interface LogsRequest extends IdRequest {
  readonly filter?: string;
  readonly levels: readonly string[];
  readonly pageToken?: string;
  readonly start?: TimestampMessage;
  readonly end?: TimestampMessage;
  readonly limit?: bigint;
}

/** `TailRobotPartLogsRequest`. */
export interface TailRequest extends IdRequest {
  readonly filter?: string;
}

/** What `UpdateRobotPartRequest` and `UpdateFragmentRequest` have in common. */
export interface UpdateRequest extends IdRequest {
  readonly name: string;
  readonly lastKnownUpdate?: TimestampMessage;
}

/** The messages of `viam.app.v1.AppService`. */
export interface AppMessages {
  readonly Fragment: FragmentMessage;
  readonly GetFragmentHistoryRequest: IdRequest;
  readonly GetFragmentHistoryResponse: ProtoMessage;
  readonly GetFragmentRequest: FragmentRequest;
  readonly GetFragmentResponse: ProtoMessage;
  readonly GetFragmentUsageRequest: ProtoMessage & Pick<TagRequest, 'fragmentId'>;
  readonly GetFragmentUsageResponse: ProtoMessage;
  readonly GetRobotPartHistoryRequest: IdRequest;
  readonly GetRobotPartHistoryResponse: ProtoMessage;
  readonly GetRobotPartLogsRequest: LogsRequest;
  readonly GetRobotPartLogsResponse: ProtoMessage;
  readonly GetRobotPartRequest: IdRequest;
  readonly GetRobotPartResponse: ProtoMessage;
  readonly MarkPartForRestartRequest: ProtoMessage & { readonly partId: string };
  readonly MarkPartForRestartResponse: ProtoMessage;
  readonly RobotPart: RobotPartMessage;
  readonly DeleteFragmentTagRequest: ProtoMessage & Pick<TagRequest, 'fragmentId' | 'tag'>;
  readonly DeleteFragmentTagResponse: ProtoMessage;
  readonly SetFragmentTagRequest: TagRequest;
  readonly SetFragmentTagResponse: ProtoMessage;
  readonly TailRobotPartLogsRequest: TailRequest;
  readonly TailRobotPartLogsResponse: ProtoMessage;
  readonly UpdateFragmentRequest: UpdateRequest & { readonly config?: StructMessage };
  readonly UpdateFragmentResponse: ProtoMessage;
  readonly UpdateRobotPartRequest: UpdateRequest & { readonly robotConfig?: StructMessage };
  readonly UpdateRobotPartResponse: ProtoMessage;
}

/** `ConfigResponse`, the config as a device gets it. */
export interface ConfigResponse extends ProtoMessage {
  readonly config?: ProtoMessage & {
    readonly revision: string;
    readonly services: readonly {
      readonly name: string;
      readonly api: string;
      readonly model: string;
      readonly attributes?: StructMessage;
    }[];
  };
}

/** What a device says of itself when it asks for its config after booting. */
export interface AgentInfo {
  readonly host: string;
  readonly os: string;
  readonly version: string;
  readonly platform?: string;
}

/** The messages of `viam.app.v1.RobotService`. */
export interface RobotMessages {
  readonly CertificateRequest: IdRequest;
  readonly CertificateResponse: ProtoMessage & {
    readonly tlsCertificate: string;
    readonly tlsPrivateKey: string;
  };
  readonly ConfigRequest: IdRequest & { readonly agentInfo?: AgentInfo };
  readonly ConfigResponse: ConfigResponse;
  readonly LogRequest: IdRequest & { readonly logs: readonly LogEntryMessage[] };
  readonly LogResponse: ProtoMessage;
  readonly NeedsRestartRequest: IdRequest;
  readonly NeedsRestartResponse: ProtoMessage & {
    readonly mustRestart: boolean;
    /** A `google.protobuf.Duration`. */
    readonly restartCheckInterval?: { readonly seconds: bigint; readonly nanos: number };
  };
}
