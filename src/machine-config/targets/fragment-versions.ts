import { MachineConfigError } from '../codes.ts';
import type { JsonObject } from '../document.ts';
import type { FragmentPin } from '../fragment-pins.ts';
import {
  describeFragment,
  fragmentKey,
  type Fragments,
  fragmentUses,
  type FragmentVersion,
  MOST_FRAGMENT_LEVELS,
} from '../fragment-use.ts';
import type { ViamCloud } from '../viam/cloud.ts';
import { underlying } from '../viam/underlying-client.ts';

/**
 * The fragments that a config uses, at the versions that it names, and those inside them. One that may
 * not be read is left out: an edit then goes through what the config itself says.
 */
export async function readFragments(
  cloud: ViamCloud,
  config: JsonObject,
  signal?: AbortSignal,
): Promise<Fragments> {
  const read = new Map<string, JsonObject>();
  const asked = new Set<string>();
  let users: readonly JsonObject[] = [config];
  for (let level = 1; level <= MOST_FRAGMENT_LEVELS && users.length > 0; level += 1) {
    const used = new Map(users.flatMap(fragmentUses).map((use) => [fragmentKey(use), use]));
    const fresh = [...used].filter(([key]) => !asked.has(key));
    const contents = await Promise.all(fresh.map(([, use]) => readFragment(cloud, use, signal)));
    const found = fresh.flatMap(([key], index) => {
      asked.add(key);
      const content = contents[index];
      return content === undefined ? [] : [[key, content] as const];
    });
    for (const [key, content] of found) read.set(key, content);
    users = found.map(([, content]) => content);
  }
  return read;
}

async function readFragment(
  cloud: ViamCloud,
  use: FragmentVersion,
  signal?: AbortSignal,
): Promise<JsonObject | undefined> {
  const { id, version } = use;
  try {
    const { fragment } = await cloud.call(
      `read ${describeFragment(use)}`,
      (client) => underlying(client).getFragment({ id, ...(version !== null && { version }) }),
      signal,
    );
    return fragment?.fragment?.toJson();
  } catch (thrown) {
    if (isRefusal(thrown)) return undefined;
    throw thrown;
  }
}

/** What the gRPC status says of a version that is no revision and no tag is not documented. */
const INVALID_ARGUMENT = 3;

function isRefusal(thrown: unknown): boolean {
  return (
    thrown instanceof MachineConfigError &&
    (['machine-config/not-permitted', 'machine-config/not-found'].includes(thrown.code) ||
      thrown.details['status'] === INVALID_ARGUMENT)
  );
}

/**
 * The versions of a fragment that machines are held at, as the app counts them; where it does not, the
 * tags, at which they may be held.
 */
export async function readPins(
  cloud: ViamCloud,
  id: string,
  signal?: AbortSignal,
): Promise<readonly FragmentPin[]> {
  return (
    (await readUsage(cloud, id, signal)) ??
    (await tolerant(async () => {
      const { tags } = await cloud.call(
        `read the tags of fragment ${id}`,
        (client) => underlying(client).getFragment({ id }),
        signal,
      );
      return tags.map(({ tag }) => ({ version: tag, machines: null }));
    }, signal)) ??
    []
  );
}

async function readUsage(cloud: ViamCloud, id: string, signal?: AbortSignal) {
  return tolerant(async () => {
    const { versionUsages } = await cloud.call(
      `read who uses fragment ${id}`,
      (client) => underlying(client).getFragmentUsage({ fragmentId: id }),
      signal,
    );
    return versionUsages.flatMap(({ version = '', machines }): readonly FragmentPin[] =>
      version === '' || machines === 0 ? [] : [{ version, machines }],
    );
  }, signal);
}

/** An edit is worth more than knowing whom it does not reach. */
async function tolerant<Result>(
  work: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result | null> {
  try {
    return await work();
  } catch (thrown) {
    signal?.throwIfAborted();
    if (thrown instanceof MachineConfigError) return null;
    throw thrown;
  }
}
