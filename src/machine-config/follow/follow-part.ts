import { MachineConfigError } from '../codes.ts';
import type { ViamCloud } from '../viam/cloud.ts';
import type { LogEntryMessage } from '../viam/messages.ts';
import { type DeviceVerdict, NEXT_SLOT, slotIn } from './device-log.ts';
import { DeviceWatch, type FollowOptions } from './device-watch.ts';

/** A part whose log was marked before the push, so that older lines do not count. */
export interface MarkedLog {
  /** Follows the device until it has the new version, or says why not, or falls silent. */
  follow(tag: string, options: FollowOptions): Promise<DeviceVerdict>;
}

const POLL_MS = 1000;
/** A download writes a line every 16 KB, so a page of 100 is soon full. */
const MOST_PAGES = 20;

/** Looks at the log of a part as it is now, to follow what comes after. */
export async function followPart(
  cloud: ViamCloud,
  partId: string,
  signal?: AbortSignal,
): Promise<MarkedLog> {
  const { logs } = await readPage(cloud, partId, { signal });
  let last = logs[0] === undefined ? null : keyOf(logs[0]);
  const { logs: slots } = await readPage(cloud, partId, { filter: NEXT_SLOT, signal });
  const earlierOffset = slots[0] === undefined ? null : slotIn(slots[0].message);
  return {
    follow: async (tag, options) => {
      const watch = new DeviceWatch(tag, options, earlierOffset);
      for (;;) {
        for (const entry of await newEntries(last)) {
          last = keyOf(entry);
          watch.read(entry.message);
        }
        const verdict = watch.verdict();
        if (verdict !== null) return verdict;
        await options.clock.sleep(POLL_MS, options.signal);
      }
    },
  };

  /** Oldest first. A cloud that fails for a moment is asked again with the next poll. */
  async function newEntries(since: string | null): Promise<readonly LogEntryMessage[]> {
    try {
      const known = (entry: LogEntryMessage) => keyOf(entry) === since;
      return (await readPages(cloud, partId, known, signal)).toReversed();
    } catch (thrown) {
      const isPassing =
        thrown instanceof MachineConfigError && thrown.code === 'machine-config/cloud-unreachable';
      if (!isPassing) throw thrown;
      return [];
    }
  }
}

/** Entries from the newest back to the first known one, which is left out. */
async function readPages(
  cloud: ViamCloud,
  partId: string,
  isKnown: (entry: LogEntryMessage) => boolean,
  signal?: AbortSignal,
): Promise<readonly LogEntryMessage[]> {
  const found: LogEntryMessage[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { logs, nextPageToken } = await readPage(cloud, partId, { pageToken, signal });
    const end = logs.findIndex(isKnown);
    found.push(...(end === -1 ? logs : logs.slice(0, end)));
    if (end !== -1 || nextPageToken === '') return found;
    pageToken = nextPageToken;
  }
  return found;
}

function readPage(
  cloud: ViamCloud,
  partId: string,
  {
    filter,
    pageToken,
    signal,
  }: {
    readonly filter?: string;
    readonly pageToken?: string | undefined;
    readonly signal?: AbortSignal | undefined;
  },
) {
  return cloud.call(
    `read the log of part ${partId}`,
    (client) => client.getRobotPartLogs(partId, filter, undefined, pageToken),
    signal,
  );
}

/** The log has no ids: time, level and text tell entries apart. */
function keyOf({ time, level, message }: LogEntryMessage): string {
  return `${time?.seconds ?? 0}.${time?.nanos ?? 0} ${level} ${message}`;
}
