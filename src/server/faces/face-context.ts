import type { Fleet } from '../../fleet/index.ts';
import { type Front, sendArtifact } from '../../serve/index.ts';
import type { Clock } from '../../shared/index.ts';
import { type Authorizer, type FailedTries, tooMany } from '../access/authorizer.ts';
import { parseCredential } from '../access/credentials.ts';
import { ServerError } from '../codes.ts';
import { Counted } from '../limits/counted.ts';
import type { ServerLimits } from '../limits/limits.ts';
import { TokenBuckets } from '../limits/token-bucket.ts';
import type { Metrics } from '../observe/metrics.ts';
import { OpenWaits } from '../observe/open-waits.ts';
import { DownloadLedger } from './downloads/download-ledger.ts';
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
  readonly authorizer: Authorizer;
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
  const { fleet, clock, watchdog, tokenKey, limits, failures, authorizer, signal } = options;
  const rates = new TokenBuckets(limits.deviceRate);
  const downloads = new Counted(limits.downloads, 'downloads');
  const perDevice = new Map<string, Counted>();
  const ledger = new DownloadLedger(clock, (deviceId, end) => fleet.gate.downloaded(deviceId, end));

  /** A place among all downloads and one among those of the device. */
  const enter = (deviceId: string): Disposable => {
    const own =
      perDevice.get(deviceId) ?? new Counted(limits.downloadsPerDevice, 'of its downloads');
    using places = new DisposableStack();
    places.defer(() => {
      if (own.open === 0) perDevice.delete(deviceId);
    });
    places.use(downloads.enter(BUSY_RETRY_MS));
    places.use(own.enter(BUSY_RETRY_MS));
    perDevice.set(deviceId, own);
    return places.move();
  };

  return {
    fleet,
    clock,
    watchdog,
    tokenKey,
    signal,
    waits: new OpenWaits(),
    openDownloads: () => downloads.open,
    authorize: ({ exchange }, roles) =>
      authorizer.authorize(exchange.header('authorization'), exchange.peerAddress, roles),
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
      const waitMs = rates.take(id, clock.monotonicMs());
      if (waitMs > 0) throw tooMany('this device', waitMs);
      return contact;
    },
    sent: async (sent) => {
      options.metrics().sent(sent.sentBytes);
      await ledger.note(sent);
    },
    download: async (exchange, of, open, observe = {}) => {
      using place = enter(of.deviceId);
      await using artifact = await open();
      const beganAtMs = clock.monotonicMs();
      let bytes = 0;
      const outcome = await sendArtifact(exchange, artifact, {
        clock,
        watchdog,
        signal: options.hardSignal,
        onStart: (status, range) => {
          bytes = range === null ? 0 : range.end - range.start;
          observe.onStart?.(status);
        },
        onProgress: (sentBytes) => {
          // That they arrived is known only by the next request, which must not find the place taken.
          if (sentBytes === bytes) place[Symbol.dispose]();
          observe.onProgress?.(sentBytes);
        },
      });
      if (outcome.kind === 'answered') return outcome;
      const { range, kind } = outcome;
      const sentBytes = kind === 'cut' ? outcome.sentBytes : range.end - range.start;
      options.metrics().downloaded(sentBytes, kind);
      const cut = kind === 'cut' ? outcome.reason : null;
      await ledger.note({ ...of, artifact, fromByte: range.start, sentBytes, beganAtMs, cut });
      return outcome;
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
