import { z } from 'zod';
import type { CreateFace, FaceContext } from '../face.ts';
import type { FaceDescription } from '../face-description.ts';
import type { FaceRequest } from '../face-request.ts';
import { COMMANDS, longPoll } from './long-poll.ts';
import { streamCommands } from './stream.ts';
import { WaitingRoom } from './waiting-room.ts';

const acknowledgement = z.object({
  status: z.enum(['succeeded', 'failed']).default('succeeded'),
  result: z.unknown().optional(),
});

const PATH = '/api/v1/devices/:deviceId/commands';

const ACKNOWLEDGE: FaceDescription = {
  id: 'deviceAcknowledgeCommand',
  summary: 'What became of a command; nothing said means that it was carried out',
  credential: 'device',
  body: { 'application/json': acknowledgement },
  isBodyOptional: true,
  answers: { 204: { description: 'Noted.' } },
};

/** Commands for devices: by long poll or as server-sent events, and what became of them. */
export const createCommandsFace: CreateFace = (context) => {
  const room = new WaitingRoom();
  return {
    name: 'commands',
    routes: [
      {
        method: 'GET',
        path: PATH,
        description: COMMANDS,
        handle: (request) => answerCommands(context, room, request),
      },
      {
        method: 'POST',
        path: `${PATH}/:commandId/ack`,
        description: ACKNOWLEDGE,
        handle: (request) => acknowledge(context, request),
      },
    ],
  };
};

async function answerCommands(
  context: FaceContext,
  room: WaitingRoom,
  request: FaceRequest,
): Promise<void> {
  const contact = await context.authenticate(request, request.params['deviceId'] ?? '');
  const { exchange } = request;
  if (exchange.method === 'HEAD') return request.answerJson(200, { commands: [], news: false });
  const wantsStream = exchange.header('accept')?.toLowerCase().includes('text/event-stream');
  return wantsStream === true
    ? streamCommands(context, room, contact, exchange)
    : longPoll(context, room, contact, request);
}

/** `POST …/commands/{cid}/ack`: an empty body says that it was carried out. Answers 204. */
async function acknowledge(context: FaceContext, request: FaceRequest): Promise<void> {
  const contact = await context.authenticate(request, request.params['deviceId'] ?? '');
  const body = await request.body();
  const { status, result } =
    body.length === 0 ? acknowledgement.parse({}) : await request.json(acknowledgement);
  await context.fleet.gate.acknowledge(contact, request.params['commandId'] ?? '', {
    succeeded: status === 'succeeded',
    ...(result !== undefined && { result }),
  });
  request.exchange.answer(204, [], '');
}
