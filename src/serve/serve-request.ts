import { type Clock, printable } from '../shared/index.ts';
import type { ByteRange } from './byte-range.ts';
import { Coverage } from './coverage.ts';
import type { DeviceDownload, DeviceDownloads } from './device-downloads.ts';
import type { DownloadEvent, RejectReason } from './events.ts';
import type { Exchange } from './exchange.ts';
import type { Patience } from './patience.ts';
import type { Publication } from './publications.ts';
import { sendArtifact } from './send-artifact.ts';
import type { Watchdog } from './watchdog.ts';

/** Often enough for a bar that moves, seldom enough for a log. */
const PROGRESS_MS = 250;
const LONGEST_USER_AGENT = 120;

const REFUSALS: Readonly<Record<number, RejectReason>> = {
  405: 'method',
  412: 'precondition',
  416: 'range',
};

/** What a request for an image needs of the server that it came to. */
export interface RequestContext {
  readonly clock: Clock;
  readonly watchdog: Watchdog;
  readonly downloads: DeviceDownloads;
  readonly onEvent: (event: DownloadEvent) => void;
  readonly signal: AbortSignal;
  readonly patience?: Patience;
}

/** Answers one request for a published image, and tells how that goes. */
export async function serveRequest(
  exchange: Exchange,
  { artifact, tag }: Publication,
  id: number,
  { clock, watchdog, downloads, onEvent, signal, patience }: RequestContext,
): Promise<void> {
  const { sha256, sizeBytes: totalBytes } = artifact;
  const { method, protocol, peerAddress: device } = exchange;
  const startedAt = clock.monotonicMs();
  let part: ByteRange = { start: 0, end: 0 };
  let download: DeviceDownload = { startedAtMs: startedAt, coverage: new Coverage() };
  let progressAt = startedAt;

  const onStart = (status: number, range: ByteRange | null) => {
    const reason = REFUSALS[status];
    if (reason !== undefined) {
      onEvent({ event: 'rejected', device, reason, status, method: printable(method) });
      return;
    }
    if (range !== null) {
      part = range;
      download = downloads.begin(device, sha256, range);
    }
    const userAgent = exchange.header('user-agent');
    onEvent({
      event: 'request',
      id,
      device,
      method,
      protocol,
      status,
      range: range === null || status !== 206 ? null : [range.start, range.end - 1],
      userAgent: userAgent === undefined ? null : printable(userAgent).slice(0, LONGEST_USER_AGENT),
      tag,
    });
  };
  const reportProgress = (sentOfPart: number) => {
    const now = clock.monotonicMs();
    progressAt = now;
    const sentBytes = download.coverage.with({ start: part.start, end: part.start + sentOfPart });
    const bytesPerSecond = Math.round((sentOfPart * 1000) / Math.max(1, now - startedAt));
    onEvent({ event: 'progress', id, device, sentBytes, totalBytes, bytesPerSecond, tag });
  };

  const outcome = await sendArtifact(exchange, artifact, {
    clock,
    watchdog,
    signal,
    onStart,
    onProgress: (sentOfPart) => {
      const isLast = part.start + sentOfPart === part.end;
      if (!isLast && clock.monotonicMs() - progressAt >= PROGRESS_MS) reportProgress(sentOfPart);
    },
    ...(patience === undefined ? {} : { patience }),
  });
  if (outcome.kind === 'answered') return;
  if (outcome.kind === 'delivered') {
    download.coverage.add(outcome.range);
    const sentBytes = download.coverage.coveredBytes;
    if (sentBytes < totalBytes) return reportProgress(part.end - part.start);
    downloads.end(device, sha256);
    const durationMs = clock.monotonicMs() - download.startedAtMs;
    return onEvent({ event: 'complete', id, device, sentBytes, durationMs, tag });
  }
  // Its last byte never counts: what left this machine may still not have arrived.
  const { range, sentBytes: sentOfPart, reason } = outcome;
  download.coverage.add({
    start: range.start,
    end: Math.min(range.start + sentOfPart, range.end - 1),
  });
  const sentBytes = download.coverage.with({ start: range.start, end: range.start + sentOfPart });
  return onEvent({ event: 'aborted', id, device, sentBytes, totalBytes, reason, tag });
}
