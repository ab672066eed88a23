import { DEFAULT_PER_ADDRESS } from '../../serve/index.ts';
import type { Rate } from './token-bucket.ts';

/** How much of everything the server takes. */
export interface ServerLimits {
  /** Connections of one address (of one /64 in IPv6) at the same time; those of this machine are not counted. */
  readonly connectionsPerAddress: number;
  /** With less room on the disk the server says that it is not ready. */
  readonly leastFreeBytes: number;
  /** The largest JSON body. */
  readonly jsonBytes: number;
  /** From the head of a request to the end of such a body. */
  readonly jsonMs: number;
  /** Longest pause within an upload. */
  readonly uploadStallMs: number;
  /** Slowest average of an upload, after the first minute. */
  readonly uploadBytesPerSecond: number;
  /** Requests of one management token. */
  readonly tokenRate: Rate;
  /** Requests of one device. */
  readonly deviceRate: Rate;
  /** Wrong credentials from one address. */
  readonly failureRate: Rate;
  /** Downloads at the same time: of all devices, and of one. */
  readonly downloads: number;
  readonly downloadsPerDevice: number;
  /** Uploads at the same time. */
  readonly uploads: number;
  /** Event streams of the management API at the same time. */
  readonly eventStreams: number;
}

/** Made for one machine and some ten thousand devices. */
export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  connectionsPerAddress: DEFAULT_PER_ADDRESS,
  leastFreeBytes: 64 * 1024 * 1024,
  jsonBytes: 1024 * 1024,
  jsonMs: 30_000,
  uploadStallMs: 60_000,
  uploadBytesPerSecond: 1024,
  tokenRate: { burst: 500, perSecond: 100 },
  deviceRate: { burst: 120, perSecond: 20 },
  failureRate: { burst: 20, perSecond: 0.5 },
  downloads: 500,
  downloadsPerDevice: 4,
  uploads: 8,
  eventStreams: 64,
};
