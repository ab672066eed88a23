import type { Clock } from '../../shared/index.ts';
import { MachineConfigError } from '../codes.ts';
import type { ViamCloud } from '../viam/cloud.ts';
import type { LogEntryMessage } from '../viam/messages.ts';
import { DeviceLog, type DeviceStep, type DeviceVerdict } from './device-log.ts';

/** How a part is followed. */
export interface FollowOptions {
  readonly clock: Clock;
  /** Gives up after this long without a line in the log. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** Where the device is to download from, if known; what goes wrong with other URLs does not count. */
  readonly url?: string;
  readonly onStep?: (step: DeviceStep) => void;
  /** When the device was last heard of elsewhere, which breaks the silence too; `null` for never. */
  readonly heardMs?: () => number | null;
}

/** A part whose log was marked before the push, so that older lines do not count. */
export interface MarkedLog {
  /** Follows the device until it has the new version, or says why not, or falls silent. */
  follow(tag: string, options: FollowOptions): Promise<DeviceVerdict>;
}

const POLL_MS = 1000;
/** A device tries again after ten seconds; a failure with nothing after it for longer is its answer. */
const FAILURE_GRACE_MS = 30_000;
/** A download writes a line every 16 KB, so a page of 100 is soon full. */
const MOST_PAGES = 20;

/** Looks at the log of a part as it is now, to follow what comes after. */
export async function followPart(
  cloud: ViamCloud,
  partId: string,
  signal?: AbortSignal,
): Promise<MarkedLog> {
  const { logs } = await readPage(cloud, partId, undefined, signal);
  let last = logs[0] === undefined ? null : keyOf(logs[0]);
  return {
    follow: async (tag, { clock, silenceMs, signal, url, onStep, heardMs: elsewhereMs }) => {
      const log = new DeviceLog(tag, url);
      let heardMs = clock.now();
      for (;;) {
        const entries = await newEntries(last);
        if (entries.length > 0) heardMs = clock.now();
        for (const entry of entries) {
          last = keyOf(entry);
          const step = log.read(entry.message);
          if (step !== null) onStep?.(step);
        }
        heardMs = Math.max(heardMs, elsewhereMs?.() ?? heardMs);
        const quietMs = clock.now() - heardMs;
        if (log.verdict !== null) return log.verdict;
        if (log.failure !== null && quietMs >= Math.min(FAILURE_GRACE_MS, silenceMs)) {
          return { outcome: 'refused', message: log.failure };
        }
        if (quietMs >= silenceMs) return { outcome: 'silent', forMs: quietMs };
        await clock.sleep(POLL_MS, signal);
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
    const { logs, nextPageToken } = await readPage(cloud, partId, pageToken, signal);
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
  pageToken: string | undefined,
  signal?: AbortSignal,
) {
  return cloud.call(
    `read the log of part ${partId}`,
    (client) => client.getRobotPartLogs(partId, undefined, undefined, pageToken),
    signal,
  );
}

/** The log has no ids: time, level and text tell entries apart. */
function keyOf({ time, level, message }: LogEntryMessage): string {
  return `${time?.seconds ?? 0}.${time?.nanos ?? 0} ${level} ${message}`;
}
