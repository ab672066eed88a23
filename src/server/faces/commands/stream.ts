import type { DeviceContact } from '../../../fleet/index.ts';
import { type Exchange, PeerGone } from '../../../serve/index.ts';
import type { FaceContext } from '../face.ts';
import type { WaitingRoom } from './waiting-room.ts';
import { WakeUp } from './wake-up.ts';
import { watchPeer } from './watch-peer.ts';
import { wireCommand } from './wire-command.ts';

/** Often enough for address translation and proxies, and to notice who is gone. */
const HEARTBEAT_MS = 20_000;
/** Every so many heartbeats it is looked whether the device may still be here, and what it left undone. */
const HEARTBEATS_PER_LOOK = 3;
const RETRY_MS = 5000;

/**
 * `GET …/commands` with `Accept: text/event-stream`: an event `command` for each command, `news` when
 * asking `/ota` again is worth it, and a comment now and then. Commands that are not acknowledged come
 * again, so nothing has to be replayed by id.
 */
export async function streamCommands(
  context: FaceContext,
  room: WaitingRoom,
  contact: DeviceContact,
  exchange: Exchange,
): Promise<void> {
  const { fleet, clock } = context;
  const { deviceId } = contact.device;
  const wakeUp = new WakeUp(clock);
  using _seat = room.enter(deviceId, wakeUp.end);
  using _open = context.waits.enter('stream');
  using _watch = watchPeer(context, exchange, wakeUp.end);
  const stopListening = fleet.gate.onNews(deviceId, wakeUp.news);
  const encoder = new TextEncoder();
  const write = (text: string, isLast = false) => exchange.write(encoder.encode(text), isLast);
  try {
    exchange.begin(200, [
      ['Content-Type', 'text/event-stream'],
      ['Cache-Control', 'no-store'],
    ]);
    await write(`retry: ${RETRY_MS}\n\n`);
    let known: DeviceContact | null = contact;
    let looks = true;
    let heartbeats = 0;
    while (known !== null && !wakeUp.isOver) {
      if (looks) {
        for (const command of await fleet.gate.commands(known)) {
          const { command_id, ...rest } = wireCommand(command);
          await write(event('command', { command_id, ...rest }, command_id));
        }
      }
      const reason = await wakeUp.wait(HEARTBEAT_MS);
      if (reason === 'over') break;
      heartbeats += 1;
      looks = reason === 'news' || heartbeats % HEARTBEATS_PER_LOOK === 0;
      if (looks) known = await fleet.gate.identify(deviceId);
      if (known !== null) await write(reason === 'news' ? event('news', {}) : ': \n\n');
    }
    await write('', true);
  } catch (error) {
    if (!(error instanceof PeerGone)) throw error;
  } finally {
    stopListening();
  }
}

function event(name: string, data: object, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
