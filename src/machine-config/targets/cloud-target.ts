import { MachineConfigError } from '../codes.ts';
import { type JsonObject, parseMachineConfig } from '../document.ts';
import { fragmentUses, MOST_FRAGMENT_LEVELS } from '../fragment-use.ts';
import type { ViamCloud } from '../viam/cloud.ts';
import { updateFragment, updatePart } from '../viam/guarded-update.ts';
import type {
  FragmentMessage,
  RobotPartMessage,
  StructMessage,
  TimestampMessage,
} from '../viam/messages.ts';
import type { AppClient, ViamSdk } from '../viam/sdk.ts';
import type { ConfigSnapshot, ConfigTarget } from './config-target.ts';

/** The config of one part of a machine in the Viam cloud. */
export function partTarget(cloud: ViamCloud, id: string): ConfigTarget {
  return cloudTarget(cloud, {
    kind: 'part',
    id,
    get: async (client) => {
      const { part } = await client.getRobotPart(id);
      return part === undefined ? null : pick(part, part.robotConfig);
    },
    put: (client, { name, config, lastKnownUpdate }) =>
      updatePart(client, { id, name, robotConfig: config, lastKnownUpdate }),
  });
}

/** A fragment in the Viam cloud: what is written here reaches every machine that uses it. */
export function fragmentTarget(cloud: ViamCloud, id: string): ConfigTarget {
  return cloudTarget(cloud, {
    kind: 'fragment',
    id,
    get: async (client) => {
      const fragment = await client.getFragment(id);
      return fragment === undefined ? null : pick(fragment, fragment.fragment);
    },
    put: (client, { name, config, lastKnownUpdate }) =>
      updateFragment(client, { id, name, config, lastKnownUpdate }),
  });
}

/** A part or a fragment as it comes from the cloud. */
interface CloudDocument {
  readonly name: string;
  readonly config: StructMessage | undefined;
  readonly lastUpdated: TimestampMessage | undefined;
}

/** The part's message holds secrets too, so only what is needed goes on. */
function pick(
  { name, lastUpdated }: RobotPartMessage | FragmentMessage,
  config: StructMessage | undefined,
): CloudDocument {
  return { name, lastUpdated, config };
}

interface CloudDocumentKind {
  readonly kind: 'part' | 'fragment';
  readonly id: string;
  readonly get: (client: AppClient) => Promise<CloudDocument | null>;
  readonly put: (
    client: AppClient,
    update: { name: string; config: StructMessage; lastKnownUpdate: TimestampMessage },
  ) => Promise<void>;
}

function cloudTarget(cloud: ViamCloud, { kind, id, get, put }: CloudDocumentKind): ConfigTarget {
  const label = `${kind} ${id}`;
  const fetch = async (signal?: AbortSignal) => {
    const found = await cloud.call(`read ${label}`, get, signal);
    if (found === null) {
      throw new MachineConfigError('machine-config/not-found', `there is no ${label}`, {
        hint: 'Copy the id from the Viam app.',
        details: { [kind]: id },
      });
    }
    return found;
  };
  return {
    id: `${kind}:${id}`,
    label,
    read: async (signal) => {
      const found = await fetch(signal);
      const config = found.config?.toJson() ?? {};
      return {
        text: `${JSON.stringify(config, null, 2)}\n`,
        revision: encodeTime(found.lastUpdated),
        fragments: kind === 'part' ? await readFragments(cloud, config, signal) : new Map(),
      };
    },
    write: async (text, since, signal) => {
      const { value } = parseMachineConfig(text);
      const { name } = await fetch(signal);
      try {
        await cloud.call(
          `write ${label}`,
          (client, sdk) =>
            put(client, {
              name,
              config: sdk.Struct.fromJson(value),
              lastKnownUpdate: decodeTime(sdk, since.revision),
            }),
          signal,
        );
      } catch (thrown) {
        throw (await isStale(since, signal)) ? conflict(label, thrown) : thrown;
      }
    },
  };

  /** The status of a refused write is not documented; whether the config moved on is the truth. */
  async function isStale(since: ConfigSnapshot, signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted();
    const now = await fetch(signal).catch(() => null);
    return now !== null && encodeTime(now.lastUpdated) !== since.revision;
  }
}

/**
 * The fragments that a config uses, and those inside them. One that may not be read is left out: an edit
 * then goes through what the part itself says.
 */
async function readFragments(
  cloud: ViamCloud,
  config: JsonObject,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, JsonObject>> {
  const read = new Map<string, JsonObject>();
  const asked = new Set<string>();
  let users: readonly JsonObject[] = [config];
  for (let level = 1; level <= MOST_FRAGMENT_LEVELS && users.length > 0; level += 1) {
    const used = new Set(users.flatMap(fragmentUses).map(({ id }) => id));
    const ids = [...used].filter((id) => !asked.has(id));
    const contents = await Promise.all(ids.map((id) => readFragment(cloud, id, signal)));
    const found = ids.flatMap((id, index) => {
      asked.add(id);
      const content = contents[index];
      return content === undefined ? [] : [[id, content] as const];
    });
    for (const [id, content] of found) read.set(id, content);
    users = found.map(([, content]) => content);
  }
  return read;
}

async function readFragment(
  cloud: ViamCloud,
  id: string,
  signal?: AbortSignal,
): Promise<JsonObject | undefined> {
  try {
    const read = (client: AppClient) => client.getFragment(id);
    const fragment = await cloud.call(`read fragment ${id}`, read, signal);
    return fragment?.fragment?.toJson();
  } catch (thrown) {
    if (isRefusal(thrown)) return undefined;
    throw thrown;
  }
}

function isRefusal(thrown: unknown): boolean {
  return (
    thrown instanceof MachineConfigError &&
    ['machine-config/not-permitted', 'machine-config/not-found'].includes(thrown.code)
  );
}

function conflict(label: string, cause: unknown): MachineConfigError {
  return new MachineConfigError('machine-config/conflict', `${label} was changed meanwhile`, {
    hint: 'Run the command again; nothing was written.',
    details: { target: label },
    cause,
  });
}

function encodeTime(time: TimestampMessage | undefined): string {
  return time === undefined ? '0.0' : `${time.seconds}.${time.nanos}`;
}

function decodeTime({ Timestamp }: ViamSdk, revision: string): TimestampMessage {
  const [seconds = '0', nanos = '0'] = revision.split('.');
  return new Timestamp({ seconds: BigInt(seconds), nanos: Number(nanos) });
}
