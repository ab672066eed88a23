import { addCommon, several } from '../fleet/options.ts';
import type { RegisterNoun } from '../nouns.ts';
import type { EventsOptions } from './events.ts';

/** `otakit events`: what happens in the fleet. */
export const registerEvents: RegisterNoun = (noun, { context }) => {
  addCommon(noun)
    .option('--follow', 'go on with what happens from now on, until Ctrl-C')
    .option('--after <id>', 'only after this event')
    .option('--device <device>', 'only of this device')
    .option('--rollout <rollout>', 'only of this rollout')
    .option('--type <type>', 'only of this type, such as rollout.paused; repeatable', several)
    .addHelpText('after', HELP)
    .action(async (options: EventsOptions) => {
      const { events } = await import('./events.ts');
      await events(options, context);
    });
};

const HELP = `
Such as rollout.started, rollout.phase, rollout.paused, device.booted, device.update (a step of a
device in a rollout), download.completed and download.cut (by what the server sent, in one piece, in
ranges or in chunks), command.delivered, artifact.created.

--follow goes on after the last event that it saw when the connection breaks, and misses none.

Examples:
  otakit events --type rollout.paused --type rollout.failed
  otakit events --follow --rollout rol_k3v5…
  otakit events --device a0b1c2d3e4f5 --json

JSON: one object per line, eventId, atMs, type, deviceId, rolloutId, data.`;
