import type { Clock } from '../shared/index.ts';
import { EVENTS_NAME } from './event-streams.ts';
import type { DownloadEvent } from './events.ts';
import { EVENT_STREAM_TYPE, ServerSentEventParser } from './server-sent-events.ts';

/** How a server is listened to. */
export interface DownloadEventsOptions {
  readonly clock: Clock;
  /** Ends the events. */
  readonly signal: AbortSignal;
}

const ANSWER_TIMEOUT_MS = 3000;
const RETRY_MS = 2000;
/** The last two parts of the path of an image here: its token, or its hash without tokens; its name. */
const IMAGE_PATH = /\/([\w-]{28}|[0-9a-f]{12})\/[^/]+\.bin$/;

/**
 * Where the events about an image are told, if its URL looks like one of `createOtaServer`: the same
 * URL with `events` in place of the name, so that the same token opens it. `null` for other URLs.
 */
export function eventsUrl(imageUrl: string): string | null {
  if (!URL.canParse(imageUrl)) return null;
  const url = new URL(imageUrl);
  if (!/^https?:$/.test(url.protocol) || !IMAGE_PATH.test(url.pathname)) return null;
  url.pathname = url.pathname.replace(/[^/]+$/, EVENTS_NAME);
  url.search = '';
  url.hash = '';
  return url.href;
}

/**
 * What becomes of an image on a server of ours, in whichever process that runs: the events from now
 * on, until the signal. A connection that breaks is made anew, and what was missed is caught up.
 * `null` where no such server answers; never rejects.
 */
export async function followDownloads(
  imageUrl: string,
  { clock, signal }: DownloadEventsOptions,
): Promise<AsyncIterable<DownloadEvent> | null> {
  const url = eventsUrl(imageUrl);
  if (url === null) return null;
  const first = await connect(url, '', { clock, signal });
  return first === null ? null : events(url, first, { clock, signal });
}

async function* events(
  url: string,
  first: Response,
  options: DownloadEventsOptions,
): AsyncGenerator<DownloadEvent, void, void> {
  const { clock, signal } = options;
  let response: Response | null = first;
  let lastId = '';
  while (!signal.aborted) {
    const parser = new ServerSentEventParser();
    try {
      yield* read(response, parser);
    } catch {
      // Broken off: by the server, by the network, or by the signal.
    }
    if (parser.lastId !== '') ({ lastId } = parser);
    try {
      await clock.sleep(RETRY_MS, signal);
    } catch {
      return;
    }
    response = await connect(url, lastId, options);
  }
}

/** `null` where nothing answers, or something else. */
async function connect(
  url: string,
  lastId: string,
  { clock, signal }: DownloadEventsOptions,
): Promise<Response | null> {
  const late = new AbortController();
  const answered = new AbortController();
  const giveUp = async () => {
    await clock.sleep(ANSWER_TIMEOUT_MS, answered.signal);
    late.abort();
  };
  // Cancelled once there is an answer.
  giveUp().catch(() => {});
  try {
    const response = await fetch(url, {
      headers: {
        accept: EVENT_STREAM_TYPE,
        ...(lastId === '' ? {} : { 'last-event-id': lastId }),
      },
      redirect: 'error',
      signal: AbortSignal.any([signal, late.signal]),
    });
    const type = response.headers.get('content-type') ?? '';
    if (response.status === 200 && type.startsWith(EVENT_STREAM_TYPE)) return response;
    await response.body?.cancel();
    return null;
  } catch {
    return null;
  } finally {
    answered.abort();
  }
}

async function* read(
  response: Response | null,
  parser: ServerSentEventParser,
): AsyncGenerator<DownloadEvent, void, void> {
  const decoder = new TextDecoder();
  for await (const bytes of response?.body ?? []) {
    for (const { data } of parser.push(decoder.decode(bytes, { stream: true }))) {
      const event = parseDownloadEvent(data);
      if (event !== null) yield event;
    }
  }
}

/** What every event of a kind has, with its type; what comes from elsewhere may lack it. */
const FIELDS: Readonly<
  Record<DownloadEvent['event'], Readonly<Record<string, 'string' | 'number'>>>
> = {
  request: { id: 'number', method: 'string', status: 'number', tag: 'string' },
  progress: { id: 'number', sentBytes: 'number', totalBytes: 'number', bytesPerSecond: 'number' },
  complete: { id: 'number', sentBytes: 'number', durationMs: 'number', tag: 'string' },
  aborted: { id: 'number', sentBytes: 'number', totalBytes: 'number', reason: 'string' },
  rejected: { reason: 'string' },
};

/** `null` for anything but an event as a server here tells it. */
function parseDownloadEvent(data: string): DownloadEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  const name = String(fields['event']);
  if (!Object.hasOwn(FIELDS, name) || typeof fields['device'] !== 'string') return null;
  const wanted = Object.entries(FIELDS[name as DownloadEvent['event']]);
  const isWhole = wanted.every(([key, type]) => typeof fields[key] === type);
  return isWhole ? (fields as unknown as DownloadEvent) : null;
}
