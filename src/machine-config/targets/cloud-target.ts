import { MachineConfigError } from '../codes.ts';
import { parseMachineConfig } from '../document.ts';
import type { FragmentPin } from '../fragment-pins.ts';
import type { ViamCloud } from '../viam/cloud.ts';
import type {
  FragmentMessage,
  RobotPartMessage,
  StructMessage,
  TimestampMessage,
} from '../viam/messages.ts';
import type { AppClient, ViamSdk } from '../viam/sdk.ts';
import { underlying } from '../viam/underlying-client.ts';
import type { ConfigSnapshot, ConfigTarget } from './config-target.ts';
import { readFragments, readPins } from './fragment-versions.ts';

/** The config of one part of a machine in the Viam cloud. */
export function partTarget(cloud: ViamCloud, id: string): ConfigTarget {
  return cloudTarget(cloud, {
    kind: 'part',
    id,
    get: async (client) => {
      const { part } = await client.getRobotPart(id);
      return part === undefined ? null : pick(part, part.robotConfig);
    },
    put: async (client, { name, config, lastKnownUpdate }) => {
      await underlying(client).updateRobotPart({ id, name, robotConfig: config, lastKnownUpdate });
    },
    pins: async () => [],
  });
}

/**
 * A fragment in the Viam cloud: what is written here reaches every machine that uses it, unless at a
 * version that it names.
 */
export function fragmentTarget(cloud: ViamCloud, id: string): ConfigTarget {
  return cloudTarget(cloud, {
    kind: 'fragment',
    id,
    get: async (client) => {
      const fragment = await client.getFragment(id);
      return fragment === undefined ? null : pick(fragment, fragment.fragment);
    },
    put: async (client, update) => {
      await underlying(client).updateFragment({ id, ...update });
    },
    pins: (signal) => readPins(cloud, id, signal),
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
  readonly pins: (signal?: AbortSignal) => Promise<readonly FragmentPin[]>;
}

function cloudTarget(
  cloud: ViamCloud,
  { kind, id, get, put, pins }: CloudDocumentKind,
): ConfigTarget {
  const label = `${kind} ${id}`;
  /** Settles with the last write, which goes on where nobody waits for it any longer. */
  let lastWrite: Promise<unknown> = Promise.resolve();
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
      // Read before a write that was given up has come through, the config would be the one before.
      await withinPatience(lastWrite, signal);
      const found = await fetch(signal);
      const config = found.config?.toJson() ?? {};
      const [fragments, held] = await Promise.all([
        readFragments(cloud, config, signal),
        pins(signal),
      ]);
      return {
        kind: kind === 'part' ? 'machine' : 'fragment',
        text: `${JSON.stringify(config, null, 2)}\n`,
        revision: encodeTime(found.lastUpdated),
        fragments,
        pins: held,
      };
    },
    write: async (text, since, signal) => {
      const { value } = parseMachineConfig(text);
      const { name } = await fetch(signal);
      try {
        await cloud.call(
          `write ${label}`,
          (client, sdk) => {
            const written = put(client, {
              name,
              config: sdk.Struct.fromJson(value),
              lastKnownUpdate: decodeTime(sdk, since.revision),
            });
            lastWrite = written.catch(() => {});
            return written;
          },
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

/** How long a write that was given up is waited for. */
const PATIENCE_MS = 10_000;

async function withinPatience(work: Promise<unknown>, signal?: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const stop = signal === undefined ? patience : AbortSignal.any([patience, signal]);
  const onStop = () => over.resolve();
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  try {
    await Promise.race([work, over.promise]);
  } finally {
    stop.removeEventListener('abort', onStop);
  }
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
