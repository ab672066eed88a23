import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { FleetEvent } from '../../fleet/index.ts';
import { OtakitError, systemClock } from '../../shared/index.ts';
import type { FleetApi, Query } from './api.ts';

/** How long after a broken stream the next is opened. */
const RECONNECT_MS = 1000;

/**
 * The events of a fleet as they happen, from the one after `lastId`. A stream that breaks is opened
 * again where it ended; a server that refuses ends it with what the server said.
 */
export async function* followEvents(
  api: FleetApi,
  query: Query,
  lastId: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<FleetEvent> {
  let after = lastId;
  for (;;) {
    try {
      const response = await api.open('/events', {
        query: { ...query, after },
        accept: 'text/event-stream',
      });
      if (response.body === null) return;
      const messages = response.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream());
      for await (const { data } of messages) {
        const event = JSON.parse(data) as FleetEvent;
        after = event.eventId;
        yield event;
      }
    } catch (error) {
      if (signal.aborted || (error instanceof OtakitError && error.code !== UNREACHABLE))
        throw error;
    }
    await systemClock.sleep(RECONNECT_MS, signal);
  }
}

const UNREACHABLE = 'cli/server-unreachable';
