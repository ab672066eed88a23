import { type DownloadEvent, followDownloads } from '../../serve/index.ts';
import { printable, systemClock } from '../../shared/index.ts';
import type { CliContext } from '../context.ts';
import { describeEvent } from '../serve/describe-event.ts';
import { LiveLines } from '../serve/live-lines.ts';
import { DownloadWatch } from './downloads.ts';

/** How what devices do is shown while they are followed. */
export interface FollowView {
  readonly say: (line: string) => void;
  /** What a device does with our own server: a bar on a terminal, otherwise where it begins and ends. */
  readonly download: (event: DownloadEvent) => void;
  readonly close: () => void;
}

/** For people, on stderr; for `--json` there is only the report at the end. */
export function followView(isJson: boolean, { stderr }: CliContext): FollowView {
  if (isJson) return { say: () => {}, download: () => {}, close: () => {} };
  const live = new LiveLines(stderr);
  const say = (line: string) => live.above(() => stderr.write(`${line}\n`));
  return {
    say,
    download: (event) => {
      if (event.event === 'progress') return live.progress(event);
      if (event.event === 'complete' || event.event === 'aborted') live.remove(event.device);
      const { text, isDetail } = describeEvent(event);
      return isDetail ? undefined : say(printable(text));
    },
    close: () => live.clear(),
  };
}

/** Where the URL is of a server of ours, what becomes of the downloads; `null` elsewhere. */
export async function watchDownloads(
  url: string,
  view: FollowView,
  signal: AbortSignal,
): Promise<DownloadWatch | null> {
  const events = await followDownloads(url, { clock: systemClock, signal });
  if (events === null) return null;
  view.say(`watching the downloads at ${new URL(url).host}`);
  const watch = new DownloadWatch(systemClock, (event) => view.download(event));
  // It ends with the signal; what breaks before is mended where the events come from.
  void watch.run(events);
  return watch;
}
