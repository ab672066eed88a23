import type { Clock } from '../shared/index.ts';
import type { Artifact } from './artifact.ts';
import type { ByteRange } from './byte-range.ts';
import { type Exchange, PeerGone } from './exchange.ts';
import { DEFAULT_PATIENCE, longestDownloadMs, type Patience } from './patience.ts';
import { planResponse } from './plan-response.ts';
import type { Watchdog } from './watchdog.ts';

/** How a request for an artifact ended. */
export type SendOutcome =
  /** Answered without bytes of the artifact: HEAD, 304, or an error. */
  | { readonly kind: 'answered'; readonly status: number }
  /** The peer has all bytes of the range. */
  | { readonly kind: 'delivered'; readonly range: ByteRange }
  /** It does not; `sentBytes` is what left this machine, and so at most what arrived. */
  | {
      readonly kind: 'cut';
      readonly range: ByteRange;
      readonly sentBytes: number;
      readonly reason: CutReason;
    };

/** The peer went away, read too slowly, or the server was shut down. */
export type CutReason = 'peer-gone' | 'too-slow' | 'shut-down';

/** Who watches over a download, and who is told of it. */
export interface SendOptions {
  readonly clock: Clock;
  readonly watchdog: Watchdog;
  readonly patience?: Patience;
  /** Aborted when the server shuts down. */
  readonly signal?: AbortSignal;
  /** Called once, when the response has been decided and, for a body, before its first byte. */
  readonly onStart?: (status: number, range: ByteRange | null) => void;
  /** Called after every piece that the network took. */
  readonly onProgress?: (sentBytes: number) => void;
}

const SMALLEST_PIECE = 16 * 1024;
const FIRST_PIECE = 64 * 1024;
const LARGEST_PIECE = 1024 * 1024;
/** A piece that was taken faster than this is followed by a larger one: fewer turns per byte. */
const FAST_MS = 20;
/** Where it took no time to speak of, by a much larger one. */
const AT_ONCE_MS = 4;
/** A piece that took longer is followed by a smaller one, so that progress is seen to move. */
const SLOW_MS = 200;

/** Answers a request for an artifact, by whichever protocol, and says how that ended. */
export async function sendArtifact(
  exchange: Exchange,
  artifact: Artifact,
  options: SendOptions,
): Promise<SendOutcome> {
  const plan = planResponse(exchange, artifact);
  if (plan.kind !== 'body') {
    options.onStart?.(plan.status, null);
    exchange.answer(plan.status, plan.headers, plan.kind === 'error' ? plan.body : '');
    return { kind: 'answered', status: plan.status };
  }
  options.onStart?.(plan.status, plan.range);
  exchange.begin(plan.status, plan.headers);
  return sendBody(exchange, artifact, plan.range, options);
}

async function sendBody(
  exchange: Exchange,
  artifact: Artifact,
  range: ByteRange,
  { clock, watchdog, patience = DEFAULT_PATIENCE, signal, onProgress }: SendOptions,
): Promise<SendOutcome> {
  const { start, end } = range;
  const startedAt = clock.monotonicMs();
  const deadline = startedAt + longestDownloadMs(patience, end - start);
  let progressAt = startedAt;
  let position = start;
  let pieceBytes = FIRST_PIECE;
  let broken: CutReason | null = null;
  const breakOff = (why: CutReason) => {
    broken ??= why;
    exchange.abort();
  };
  const shutDown = () => breakOff('shut-down');
  signal?.addEventListener('abort', shutDown, { once: true });
  const unwatch = watchdog.watch({
    check: (now) => {
      // A piece is all or nothing to see from here: it may take what the slowest rate allows it.
      const allowedMs = patience.stallMs + (pieceBytes / patience.minBytesPerSecond) * 1000;
      if (now - progressAt > allowedMs || now > deadline) breakOff('too-slow');
    },
  });
  try {
    while (position < end) {
      const next = Math.min(position + pieceBytes, end);
      const sliced = artifact.slice(position, next);
      const piece = sliced instanceof Uint8Array ? sliced : await sliced;
      await exchange.write(piece, next === end);
      position = next;
      const now = clock.monotonicMs();
      pieceBytes = nextPiece(pieceBytes, now - progressAt);
      progressAt = now;
      onProgress?.(position - start);
    }
    await exchange.delivered();
    if (broken === null) return { kind: 'delivered', range };
  } catch (error) {
    if (!(error instanceof PeerGone)) {
      exchange.abort();
      throw error;
    }
  } finally {
    unwatch();
    signal?.removeEventListener('abort', shutDown);
  }
  return { kind: 'cut', range, sentBytes: position - start, reason: broken ?? 'peer-gone' };
}

function nextPiece(bytes: number, tookMs: number): number {
  if (tookMs < FAST_MS) return Math.min(bytes * (tookMs < AT_ONCE_MS ? 4 : 2), LARGEST_PIECE);
  return tookMs > SLOW_MS ? Math.max(bytes / 2, SMALLEST_PIECE) : bytes;
}
