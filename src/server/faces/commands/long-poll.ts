import { z } from 'zod';
import type { DeviceContact } from '../../../fleet/index.ts';
import { parseQuery } from '../../api/query.ts';
import type { FaceContext } from '../face.ts';
import type { FaceDescription } from '../face-description.ts';
import type { FaceRequest } from '../face-request.ts';
import { assignmentTag } from '../native/ota-answer.ts';
import type { WaitingRoom } from './waiting-room.ts';
import { WakeUp } from './wake-up.ts';
import { watchPeer } from './watch-peer.ts';
import { wireCommand, wireCommandSchema } from './wire-command.ts';

/** Below what proxies and carriers' address translation keep quiet connections for. */
const LONGEST_WAIT_SECONDS = 120;

const pollQuery = z.object({
  wait: z
    .string()
    .regex(/^\d{1,9}$/, 'must be whole seconds')
    .transform((text) => Math.min(Number(text), LONGEST_WAIT_SECONDS))
    .default(0),
  /** The entity tag of the last answer of `/ota`: what changed since then counts as news. */
  seen: z.string().max(100).optional(),
});

/** For the OpenAPI document. */
export const COMMANDS: FaceDescription = {
  id: 'deviceReceiveCommands',
  summary: 'What waits for the device, now or as soon as there is something',
  credential: 'device',
  query: pollQuery,
  answers: {
    200: {
      description: 'At once or after waiting; or an event for each, where a stream is asked for.',
      content: {
        'application/json': z.object({
          commands: z.array(wireCommandSchema),
          news: z.boolean().describe('Asking for the update again is worth it.'),
        }),
        'text/event-stream': null,
      },
    },
  },
};

/**
 * `GET …/commands?wait=60`: what waits for the device, at once; or else as soon as there is something,
 * and an empty list when the time is over. `news` says that asking `/ota` again is worth it.
 */
export async function longPoll(
  context: FaceContext,
  room: WaitingRoom,
  contact: DeviceContact,
  request: FaceRequest,
): Promise<void> {
  const { fleet, clock } = context;
  const { wait, seen } = parseQuery(pollQuery, request.query);
  const { deviceId } = contact.device;
  const wakeUp = new WakeUp(clock);
  const endsAtMs = clock.monotonicMs() + wait * 1000;
  // Listened before looked: what comes in between is not missed.
  const stopListening = fleet.gate.onNews(deviceId, wakeUp.news);
  try {
    let commands = await fleet.gate.commands(contact);
    let news = seen !== undefined && (await hasChanged(context, contact, seen));
    if (commands.length === 0 && !news && wait > 0) {
      using _seat = room.enter(deviceId, wakeUp.end);
      using _open = context.waits.enter('long-poll');
      using _watch = watchPeer(context, request.exchange, wakeUp.end);
      const reason = await wakeUp.wait(endsAtMs - clock.monotonicMs());
      if (request.exchange.isGone) return request.exchange.abort();
      if (reason === 'news') {
        news = true;
        commands = await fleet.gate.commands(contact);
      }
    }
    return request.answerJson(200, { commands: commands.map(wireCommand), news });
  } finally {
    stopListening();
  }
}

async function hasChanged(
  { fleet }: FaceContext,
  contact: DeviceContact,
  seen: string,
): Promise<boolean> {
  const assignment = await fleet.gate.assignment(contact);
  return !seen.includes(assignmentTag(assignment, contact.atMs).replaceAll('"', ''));
}
