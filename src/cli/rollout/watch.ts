import type { Rollout, RolloutLogEntry } from '../../fleet/index.ts';
import { printable, systemClock } from '../../shared/index.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { timeText } from '../fleet/describe.ts';
import type { CommonOptions } from '../fleet/options.ts';
import { withFleet } from '../fleet/verb.ts';
import type { Cli } from '../nouns.ts';
import { rolloutText } from './rollout-text.ts';
import { rolloutPath } from './status.ts';

/** How often the rollout is looked at. */
const INTERVAL_MS = 1000;

/** Log entries that are asked for at a time. */
const LOG_PAGE = 500;

/** `otakit rollout watch`: every entry of its log as it comes, and below them where it stands. */
export async function watch(
  rolloutId: string,
  options: CommonOptions,
  { context, setExitCode }: Cli,
): Promise<void> {
  const screen = createScreen(context, options.json === true);
  const rollout = await withFleet(options, context, async (api) => {
    const path = await rolloutPath(api, rolloutId);
    let after = 0;
    for (;;) {
      // Read before the log, so that an end that is seen here has its entries in the log below.
      const now = await api.get<Rollout>(path);
      for (;;) {
        const query = { after, limit: LOG_PAGE };
        const { list } = await api.get<{ list: readonly RolloutLogEntry[] }>(`${path}/log`, query);
        for (const entry of list) screen.entry(entry);
        after = list.at(-1)?.position ?? after;
        if (list.length < LOG_PAGE) break;
      }
      screen.stands(now);
      if (now.state.kind === 'completed' || now.state.kind === 'failed') return now;
      await systemClock.sleep(INTERVAL_MS, context.signal);
    }
  });
  screen.end(rollout);
  if (rollout.state.kind === 'failed') setExitCode(EXIT.verification);
}

/** Entries scroll; on a terminal the line with where it stands stays below them. */
function createScreen({ stdout, stderr }: CliContext, asJson: boolean) {
  const live = !asJson && stdout.isTTY === true;
  let line = '';
  const clear = () => {
    if (live && line !== '') stdout.write('\r\u001B[K');
  };
  return {
    entry: (entry: RolloutLogEntry) => {
      clear();
      stdout.write(asJson ? `${JSON.stringify(entry)}\n` : `${entryText(entry)}\n`);
      if (live) stdout.write(line);
    },
    stands: (rollout: Rollout) => {
      if (!live) return;
      clear();
      line = rolloutText(rollout).slice(0, (stdout.columns ?? 120) - 1);
      stdout.write(line);
    },
    end: (rollout: Rollout) => {
      clear();
      (asJson ? stderr : stdout).write(`${rolloutText(rollout)}\n`);
    },
  };
}

function entryText({ atMs, what, deviceId, data }: RolloutLogEntry): string {
  const { reason, ...rest } = data;
  const fields = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const words = [
    timeText(atMs),
    what,
    deviceId ?? '',
    ...fields,
    typeof reason === 'string' ? reason : '',
  ];
  return words.filter(Boolean).map(printable).join('  ');
}
