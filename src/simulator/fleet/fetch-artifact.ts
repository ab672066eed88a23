import { createHash, type Hash } from 'node:crypto';
import type { Clock } from '../../shared/index.ts';
import type { DeviceClient } from './device-client.ts';
import { Refused, Unreachable, UpdateGivenUp } from './failure.ts';
import { HEAD_BYTES } from './image-head.ts';
import type { Offer } from './wire.ts';

const CHUNK_BYTES = 64 * 1024;
const MOST_FAILURES = 15;
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60_000;
/** Statuses after which the same URL may work again. */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

/** The bytes that arrived so far; they are hashed and not kept, save for the first ones. */
export class Arrival {
  readonly #hash: Hash = createHash('sha256');
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #receivedBytes = 0;

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get head(): Uint8Array {
    return this.#head.subarray(0, Math.min(this.#receivedBytes, HEAD_BYTES));
  }

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    const room = HEAD_BYTES - this.#receivedBytes;
    if (room > 0) this.#head.set(bytes.subarray(0, room), this.#receivedBytes);
    this.#receivedBytes += bytes.length;
  }

  /** Lower-case hex; ends the arrival. */
  sha256(): string {
    return this.#hash.digest('hex');
  }
}

/** What a download needs beside the client. */
export interface FetchContext {
  readonly client: DeviceClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly fetches: 'whole' | 'chunks';
  /** After so many bytes the first connection breaks. */
  readonly cutAtBytes: number | null;
  /** Called once the first bytes are there; throws to refuse the image before the rest comes. */
  readonly onHead: (head: Uint8Array) => void;
  readonly onResumed: (fromByte: number) => void;
  readonly onBytes: (receivedBytes: number) => void;
}

/**
 * Downloads what was offered and resumes after every cut from the byte that it has.
 *
 * @throws UpdateGivenUp after 15 failures in a row or where the server refuses; whatever `onHead` throws
 */
export async function fetchArtifact(offer: Offer, context: FetchContext): Promise<Arrival> {
  const { clock, signal, fetches, onHead, onResumed, onBytes } = context;
  const arrival = new Arrival();
  let cutAtBytes = context.cutAtBytes;
  let headSeen = false;
  let failures = 0;
  const take = (bytes: Uint8Array) => {
    if (arrival.receivedBytes + bytes.length > offer.size_bytes) {
      throw new UpdateGivenUp(`more bytes came than the ${offer.size_bytes} that were announced`);
    }
    arrival.add(bytes);
    failures = 0;
    onBytes(arrival.receivedBytes);
    if (!headSeen && arrival.receivedBytes >= Math.min(HEAD_BYTES, offer.size_bytes)) {
      headSeen = true;
      onHead(arrival.head);
    }
    if (cutAtBytes !== null && arrival.receivedBytes >= cutAtBytes) {
      cutAtBytes = null;
      throw new Unreachable('the connection was cut');
    }
  };
  while (arrival.receivedBytes < offer.size_bytes) {
    const before = arrival.receivedBytes;
    try {
      if (fetches === 'chunks') await fetchChunks(offer, arrival, take, context);
      else await fetchRest(offer, arrival, take, context);
    } catch (error) {
      signal.throwIfAborted();
      const passing = error instanceof Unreachable || isPassing(error);
      if (!passing) {
        throw error instanceof Refused
          ? new UpdateGivenUp(`the server refused the download: ${error.message}`)
          : error;
      }
      failures += 1;
      if (failures > MOST_FAILURES) {
        throw new UpdateGivenUp(`gave up after ${failures} failures: ${error.message}`);
      }
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);
      await clock.sleep(
        error instanceof Refused ? (error.retryAfterMs ?? delayMs) : delayMs,
        signal,
      );
    }
    if (before > 0 && arrival.receivedBytes > before) onResumed(before);
  }
  return arrival;
}

function isPassing(error: unknown): error is Refused {
  return error instanceof Refused && PASSING.has(error.status);
}

async function fetchRest(
  offer: Offer,
  arrival: Arrival,
  take: (bytes: Uint8Array) => void,
  { client, signal }: FetchContext,
): Promise<void> {
  const from = arrival.receivedBytes;
  const answer = await client.open(offer.artifact_url, from, signal);
  try {
    // A whole body in answer to a range would be written at the wrong place.
    if (answer.status !== 206 && from > 0) {
      throw new UpdateGivenUp(`status ${answer.status} in answer to a range from byte ${from}`);
    }
    const expected = `bytes ${from}-${offer.size_bytes - 1}/${offer.size_bytes}`;
    const range = answer.headers['content-range'];
    if (answer.status === 206 && range !== expected) {
      throw new UpdateGivenUp(`Content-Range "${range ?? ''}" where "${expected}" was due`);
    }
    for await (const bytes of answer.body as AsyncIterable<Buffer>) take(bytes);
  } catch (error) {
    if (error instanceof UpdateGivenUp || error instanceof Unreachable) throw error;
    throw new Unreachable((error as Error).message);
  } finally {
    answer.body.destroy();
  }
  if (arrival.receivedBytes < offer.size_bytes) throw new Unreachable('the body ended early');
}

async function fetchChunks(
  offer: Offer,
  arrival: Arrival,
  take: (bytes: Uint8Array) => void,
  { client, signal }: FetchContext,
): Promise<void> {
  for (;;) {
    const { bytes, complete } = await client.chunk(
      offer,
      arrival.receivedBytes,
      CHUNK_BYTES,
      signal,
    );
    take(bytes);
    const isAll = arrival.receivedBytes === offer.size_bytes;
    if (complete !== isAll) {
      throw new UpdateGivenUp(
        `"complete" is ${complete} at byte ${arrival.receivedBytes} of ${offer.size_bytes}`,
      );
    }
    if (isAll) return;
    if (bytes.length === 0) throw new UpdateGivenUp('an empty chunk in the middle');
  }
}
