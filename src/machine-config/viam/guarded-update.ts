import type { StructMessage, TimestampMessage } from './messages.ts';
import type { AppClient } from './sdk.ts';

/**
 * The SDK's `updateRobotPart` and `updateFragment` leave out `lastKnownUpdate`, the one argument
 * that keeps a write from going over somebody else's. The client that they call underneath, a
 * private field, takes it. This is the only place that reaches for that field.
 */
interface UnderlyingClient {
  updateRobotPart(request: PartUpdate): Promise<unknown>;
  updateFragment(request: FragmentUpdate): Promise<unknown>;
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

/** Writes a part's config unless it was updated since `lastKnownUpdate`. */
export async function updatePart(client: AppClient, update: PartUpdate): Promise<void> {
  await underlying(client).updateRobotPart(update);
}

/** Writes a fragment unless it was updated since `lastKnownUpdate`. */
export async function updateFragment(client: AppClient, update: FragmentUpdate): Promise<void> {
  await underlying(client).updateFragment(update);
}

function underlying(appClient: AppClient): UnderlyingClient {
  const { client } = appClient as unknown as { readonly client?: UnderlyingClient };
  if (client === undefined) throw new TypeError('the Viam SDK keeps its client somewhere else now');
  return client;
}
