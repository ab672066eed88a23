import type { FleetEvent } from '../../fleet/index.ts';
import { printable } from '../../shared/index.ts';
import type { CliContext } from '../context.ts';
import type { Query } from '../fleet/api.ts';
import { timeText } from '../fleet/describe.ts';
import { followEvents } from '../fleet/follow-events.ts';
import { type CommonOptions, countOption } from '../fleet/options.ts';
import { withFleet } from '../fleet/verb.ts';

/** Events that are asked for at a time. */
const PAGE = 1000;

/** What `otakit events` takes. */
export interface EventsOptions extends CommonOptions {
  readonly follow?: boolean;
  readonly after?: string;
  readonly device?: string;
  readonly rollout?: string;
  readonly type?: readonly string[];
}

/** `otakit events`: stored events, and with `--follow` the live ones after them. */
export async function events(options: EventsOptions, context: CliContext): Promise<void> {
  const { device: deviceId, rollout: rolloutId, type: types } = options;
  const query: Query = { deviceId, rolloutId, types };
  let after = countOption('--after', options.after, 0);
  await withFleet(options, context, async (api) => {
    for (;;) {
      const { list } = await api.get<{ readonly list: readonly FleetEvent[] }>('/events', {
        ...query,
        after,
        limit: PAGE,
      });
      for (const event of list) print(event, options, context);
      after = list.at(-1)?.eventId ?? after;
      if (list.length < PAGE) break;
    }
    if (options.follow !== true) return;
    for await (const event of followEvents(api, query, after, context.signal)) {
      print(event, options, context);
    }
  });
}

function print(event: FleetEvent, { json = false }: EventsOptions, { stdout }: CliContext): void {
  if (json) {
    stdout.write(`${JSON.stringify(event)}\n`);
    return;
  }
  const about = [event.deviceId, event.rolloutId].filter((id) => id !== null);
  const data = Object.entries(event.data)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${shown(value)}`);
  stdout.write(
    `${[timeText(event.atMs), event.type, ...about, ...data].map(printable).join('  ')}\n`,
  );
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
