import type { CutReason, DownloadEvent, ProgressEvent, RejectReason } from '../../serve/index.ts';
import { formatCount, formatDuration, formatSize } from '../../shared/index.ts';

/** An event in words. */
export interface EventText {
  readonly text: string;
  readonly mood: 'good' | 'bad' | 'plain';
  /** One of the many requests of a device that fetches the image in parts: not worth a line. */
  readonly isDetail: boolean;
}

const CUT: Readonly<Record<CutReason, string>> = {
  'peer-gone': 'the device closed the connection',
  'too-slow': 'the device read too slowly',
  'shut-down': 'the server stopped',
};

const REJECTED: Readonly<Record<RejectReason, string>> = {
  'wrong-token': 'the token in its URL is not for an image that is served here',
  'expired-token': 'the token in its URL has expired: paste the new URL',
  'not-found': 'there is nothing under its URL: check that it is the whole URL',
  method: 'only GET and HEAD are served',
  precondition: 'it asked for another image (If-Match)',
  range: 'it asked for bytes past the end',
  busy: 'too many event streams are open',
  tls: 'it speaks TLS: the URL begins with http://, not https://',
  malformed: 'what it sent is not HTTP',
  'too-slow': 'it did not finish its request in time',
  'too-many': 'it has too many connections open',
  full: 'all connections are taken',
};

/** One line about what a device did. */
export function describeEvent(event: Exclude<DownloadEvent, ProgressEvent>): EventText {
  const { device } = event;
  switch (event.event) {
    case 'request':
      return {
        text: `${device}  ${requestText(event)}`,
        mood: 'plain',
        isDetail: event.range !== null && event.range[0] > 0,
      };
    case 'complete': {
      const rate = (event.sentBytes * 1000) / Math.max(1, event.durationMs);
      const text = `${device}  complete: ${formatCount(event.sentBytes)} bytes in ${formatDuration(event.durationMs)} (${formatRate(rate)})`;
      return { text, mood: 'good', isDetail: false };
    }
    case 'aborted': {
      const text = `${device}  cut off at ${formatCount(event.sentBytes)} of ${formatCount(event.totalBytes)} bytes: ${CUT[event.reason]}`;
      return { text, mood: 'bad', isDetail: false };
    }
    case 'rejected': {
      const status = event.status === null ? '' : ` with ${event.status}`;
      return {
        text: `${device}  refused${status}: ${REJECTED[event.reason]}`,
        mood: 'bad',
        isDetail: false,
      };
    }
  }
}

function requestText(event: Extract<DownloadEvent, { event: 'request' }>): string {
  const { method, protocol, range, status, userAgent } = event;
  const by = userAgent === null ? protocol : `${protocol}, ${userAgent}`;
  if (status === 304) return `has this image already (304, ${by})`;
  if (method === 'HEAD') return `asks for the size (HEAD, ${by})`;
  if (range === null) return `downloads (${by})`;
  return `downloads bytes ${formatCount(range[0])} to ${formatCount(range[1])} (${by})`;
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatSize(Math.round(bytesPerSecond))}/s`;
}
