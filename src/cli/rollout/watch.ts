import type { RolloutLogEntry } from '../../fleet/index.ts';
import { systemClock } from '../../shared/index.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { withFleet } from '../fleet/verb.ts';
import type { Cli } from '../nouns.ts';
import { isNotable, logText } from './log-text.ts';
import { rolloutText, type ShownRollout, standText } from './rollout-text.ts';
import { rolloutPath } from './status.ts';

/** How often the rollout is looked at. */
const INTERVAL_MS = 1000;

/** Log entries that are asked for at a time. */
const LOG_PAGE = 500;

/** What `rollout watch` takes. */
export interface WatchOptions extends CommonOptions {
  readonly all?: boolean;
}

/** `otakit rollout watch`: its log as it comes, and below it where the rollout stands. */
export async function watch(
  rolloutId: string,
  options: WatchOptions,
  { context, setExitCode }: Cli,
): Promise<void> {
  const screen = createScreen(context, options);
  const rollout = await withFleet(options, context, async (api) => {
    const path = await rolloutPath(api, rolloutId);
    let after = 0;
    for (;;) {
      // Read before the log, so that an end that is seen here has its entries in the log below.
      const now = await api.get<ShownRollout>(path);
      for (;;) {
        const query = { after, limit: LOG_PAGE };
        const { list } = await api.get<{ list: readonly RolloutLogEntry[] }>(`${path}/log`, query);
        for (const entry of list) screen.entry(entry);
        after = list.at(-1)?.position ?? after;
        if (list.length < LOG_PAGE) break;
      }
      screen.stands(now);
      if (isOver(now)) return now;
      await systemClock.sleep(INTERVAL_MS, context.signal);
    }
  });
  screen.end(rollout);
  if (rollout.state.kind === 'failed') setExitCode(EXIT.verification);
}

function isOver({ state }: ShownRollout): boolean {
  return state.kind === 'completed' || state.kind === 'failed';
}

/**
 * Entries scroll; on a terminal the line with where it stands stays below them. In a pipe that line comes
 * with each entry, so that a log of the output tells the whole story.
 */
function createScreen({ stdout, stderr }: CliContext, { json = false, all = false }: WatchOptions) {
  const live = !json && stdout.isTTY === true;
  let line = '';
  let hasNews = false;
  const clear = () => {
    if (live && line !== '') stdout.write('\r\u001B[K');
  };
  return {
    entry: (entry: RolloutLogEntry) => {
      if (json) {
        stdout.write(`${JSON.stringify(entry)}\n`);
        return;
      }
      if (!all && !isNotable(entry)) return;
      hasNews = true;
      clear();
      stdout.write(`${logText(entry)}\n`);
      if (live) stdout.write(line);
    },
    stands: (rollout: ShownRollout) => {
      if (live) {
        clear();
        line = rolloutText(rollout).slice(0, (stdout.columns ?? 120) - 1);
        stdout.write(line);
      } else if (hasNews && !json && !isOver(rollout)) {
        stdout.write(`  ${standText(rollout)}\n`);
      }
      hasNews = false;
    },
    end: (rollout: ShownRollout) => {
      clear();
      (json ? stderr : stdout).write(`${rolloutText(rollout)}\n`);
    },
  };
}
