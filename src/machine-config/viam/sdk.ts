import type {
  AppMessages,
  FragmentMessage,
  LogEntryMessage,
  ProtoType,
  RobotMessages,
  RobotPartMessage,
  StructMessage,
  TimestampMessage,
} from './messages.ts';

/*
 * The SDK's own declarations name their files without extensions, which TypeScript does not resolve
 * under `nodenext`: everything would silently be `any`. So the few parts that otakit uses are
 * declared here. The SDK is 12 MB and starts slowly, hence the import on first use.
 */

/** The SDK's public client of the app API. */
export interface AppClient {
  getRobotPart(id: string): Promise<{ readonly part?: RobotPartMessage }>;
  /** Newest first. */
  getRobotPartLogs(
    id: string,
    filter?: string,
    levels?: readonly string[],
    pageToken?: string,
  ): Promise<{ readonly logs: readonly LogEntryMessage[]; readonly nextPageToken: string }>;
  getFragment(id: string): Promise<FragmentMessage | undefined>;
}

/** What identifies the caller to the cloud. */
export interface ViamCredentials {
  readonly type: 'api-key' | 'robot-secret';
  /** The id of the API key, or of the part. */
  readonly authEntity: string;
  readonly payload: string;
}

/** What otakit uses of `@viamrobotics/sdk`. */
export interface ViamSdk {
  createViamClient(options: {
    readonly serviceHost: string;
    readonly credentials: ViamCredentials;
  }): Promise<{ readonly appClient: AppClient }>;
  readonly Struct: ProtoType<StructMessage>;
  readonly Timestamp: ProtoType<TimestampMessage>;
  readonly appApi: { readonly [Name in keyof AppMessages]: ProtoType<AppMessages[Name]> };
  readonly appRobotApi: { readonly [Name in keyof RobotMessages]: ProtoType<RobotMessages[Name]> };
  readonly commonApi: { readonly LogEntry: ProtoType<LogEntryMessage> };
}

/** The SDK, loaded on first use. */
export async function loadViamSdk(): Promise<ViamSdk> {
  return (await import('@viamrobotics/sdk')) as unknown as ViamSdk;
}
