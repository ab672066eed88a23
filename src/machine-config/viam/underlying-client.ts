import type {
  FragmentMessage,
  FragmentTagMessage,
  FragmentUsageMessage,
  StructMessage,
  TimestampMessage,
} from './messages.ts';
import type { AppClient } from './sdk.ts';

/**
 * What the SDK's public client leaves out, and the client that it calls underneath, a private field,
 * takes: `lastKnownUpdate`, the one argument that keeps a write from going over somebody else's; and
 * the version of a fragment, its tags, and who uses which.
 */
export interface UnderlyingClient {
  updateRobotPart(request: PartUpdate): Promise<unknown>;
  updateFragment(request: FragmentUpdate): Promise<unknown>;
  getFragment(request: { readonly id: string; readonly version?: string }): Promise<{
    readonly fragment?: FragmentMessage;
    readonly tags: readonly FragmentTagMessage[];
  }>;
  getFragmentUsage(request: { readonly fragmentId: string }): Promise<{
    readonly versionUsages: readonly FragmentUsageMessage[];
  }>;
}

/** The fields of `UpdateRobotPartRequest`. */
export interface PartUpdate {
  readonly id: string;
  /** Has to be sent again, or the part loses its name. */
  readonly name: string;
  readonly robotConfig: StructMessage;
  readonly lastKnownUpdate: TimestampMessage;
}

/** The fields of `UpdateFragmentRequest`. */
export interface FragmentUpdate {
  readonly id: string;
  readonly name: string;
  readonly config: StructMessage;
  readonly lastKnownUpdate: TimestampMessage;
}

/** The only place that reaches for that field. */
export function underlying(appClient: AppClient): UnderlyingClient {
  const { client } = appClient as unknown as { readonly client?: UnderlyingClient };
  if (client === undefined) throw new TypeError('the Viam SDK keeps its client somewhere else now');
  return client;
}
