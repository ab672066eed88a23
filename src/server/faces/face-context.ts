import type { Fleet } from '../../fleet/index.ts';
import { type Front, sendArtifact } from '../../serve/index.ts';
import type { Clock } from '../../shared/index.ts';
import { type FailedTries, tooMany } from '../access/authorizer.ts';
import { parseCredential } from '../access/credentials.ts';
import { ServerError } from '../codes.ts';
import { Counted } from '../limits/counted.ts';
import type { ServerLimits } from '../limits/limits.ts';
import { TokenBuckets } from '../limits/token-bucket.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { FaceContext } from './face.ts';
import type { FaceRequest } from './face-request.ts';

/** ESP-IDF sends credentials only when asked for Basic ones. */
const CHALLENGE = 'Basic realm="otakit"';
const BUSY_RETRY_MS = 15_000;
const HOST = /^(?:[a-z\d.-]{1,253}|\[[a-f\d:.]{2,45}\])(?::\d{1,5})?$/i;

/** What the context of the faces is made from. */
export interface FaceContextOptions {
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly watchdog: Front['watchdog'];
  readonly tokenKey: Uint8Array;
  readonly limits: ServerLimits;
  readonly failures: FailedTries;
  readonly metrics: () => Metrics;
  /** Long polls and streams end then. */
  readonly signal: AbortSignal;
  /** Downloads are broken off then. */
  readonly hardSignal: AbortSignal;
  /** What URLs begin with, instead of the address by which a device came. */
  readonly publicUrl: string | null;
}

/** The context, and how many downloads go on. */
export function createFaceContext(
  options: FaceContextOptions,
): FaceContext & { readonly openDownloads: () => number } {
  const { fleet, clock, watchdog, tokenKey, limits, failures, signal, hardSignal } = options;
  const rates = new TokenBuckets(limits.deviceRate);
  const downloads = new Counted(limits.downloads, 'downloads');
  const perDevice = new Map<string, Counted>();

  return {
    fleet,
    clock,
    watchdog,
    tokenKey,
    signal,
    openDownloads: () => downloads.open,
    authenticate: async (request, deviceId) => {
      const credential = parseCredential(request.exchange.header('authorization'));
      const user = credential?.kind === 'basic' ? credential.user : null;
      const id = deviceId ?? user;
      if (credential === null || id === null) {
        throw unauthorized('this needs the credential of the device');
      }
      // Names somebody else: no secret can be right for both.
      const isOther = user !== null && user !== '' && user !== id;
      const contact = isOther ? null : await fleet.gate.authenticate(id, credential.secret);
      if (contact === null) {
        failures.count(request.exchange.peerAddress);
        throw unauthorized('the credential is not that of an enabled device of this id');
      }
      const waitMs = rates.take(id, clock.now());
      if (waitMs > 0) throw tooMany('this device', waitMs);
      return contact;
    },
    download: async (exchange, deviceId, open, observe = {}) => {
      const own =
        perDevice.get(deviceId) ?? new Counted(limits.downloadsPerDevice, 'of its downloads');
      perDevice.set(deviceId, own);
      try {
        using _place = downloads.enter(BUSY_RETRY_MS);
        using _ownPlace = own.enter(BUSY_RETRY_MS);
        await using artifact = await open();
        const { onStart, onProgress } = observe;
        const outcome = await sendArtifact(exchange, artifact, {
          clock,
          watchdog,
          signal: hardSignal,
          ...(onStart === undefined ? {} : { onStart }),
          ...(onProgress === undefined ? {} : { onProgress }),
        });
        if (outcome.kind === 'delivered') {
          options.metrics().downloaded(outcome.range.end - outcome.range.start, 'delivered');
        } else if (outcome.kind === 'cut') {
          options.metrics().downloaded(outcome.sentBytes, 'cut');
        }
        return outcome;
      } finally {
        if (own.open === 0) perDevice.delete(deviceId);
      }
    },
    baseUrl: (request) => options.publicUrl ?? `http://${hostOf(request)}`,
  };
}

function hostOf({ exchange }: FaceRequest): string {
  const host = exchange.header('host') ?? exchange.header(':authority') ?? '';
  if (HOST.test(host)) return host;
  throw new ServerError('server/bad-request', 'the request does not say which host it is for', {
    hint: 'Send a Host header, as every HTTP/1.1 client does.',
  });
}

function unauthorized(message: string): ServerError {
  return new ServerError('server/unauthorized', message, {
    hint: 'Send `Authorization: Bearer <device secret>`, or Basic with device id and secret.',
    details: { challenge: CHALLENGE },
  });
}
