/**
 * Serving images over the air: one TCP port that speaks HTTP/1.0, HTTP/1.1 and HTTP/2 with prior
 * knowledge, one download handler for all of them, and URLs that are their own credential.
 *
 * `createOtaServer` is the whole of it. The parts (front, tokens, artifact handler) are exported for
 * servers that need them beside an API of their own.
 *
 * @module
 */
export { addressGroup } from './address-group.ts';
export { type Artifact, entityTag, memoryArtifact } from './artifact.ts';
export { Coverage } from './coverage.ts';
export { SERVE_CODES, ServeError } from './codes.ts';
export type { ConnectionLimits } from './connection.ts';
export { type CrowdAnswer, type CrowdOptions, DEFAULT_PER_ADDRESS } from './crowd.ts';
export { checkDownloadToken, mintDownloadToken, type TokenVerdict } from './download-token.ts';
export { listsEntityTag } from './entity-tags.ts';
export { type Exchange, type HttpProtocol, PeerGone } from './exchange.ts';
export { createFront, type Front, type FrontOptions, type RefusedConnection } from './front.ts';
export { http1Exchange } from './http1-exchange.ts';
export { http2Exchange } from './http2-exchange.ts';
export type { Patience } from './patience.ts';
export {
  type CutReason,
  sendArtifact,
  type SendOptions,
  type SendOutcome,
} from './send-artifact.ts';
export { openTokenKey, type TokenKey } from './token-key.ts';
export { artifactFileName, checkHost, downloadUrl, LONGEST_URL } from './download-url.ts';
export {
  type AddressCandidate,
  type AddressKind,
  checkAddress,
  type Guest,
  guestByNetworkCard,
  type NetworkInterfaces,
  rankAddresses,
} from './lan-address.ts';
export {
  createOtaServer,
  type ImageToPublish,
  type OtaServer,
  type OtaServerOptions,
} from './ota-server.ts';
export type {
  AbortedEvent,
  CompleteEvent,
  DownloadEvent,
  ListeningEvent,
  ProgressEvent,
  RejectedEvent,
  RejectReason,
  RequestEvent,
  ServeEvent,
} from './events.ts';
export { type FileState, watchFiles } from './watch-files.ts';
export { defaultTag } from './default-tag.ts';
export { type DownloadEventsOptions, eventsUrl, followDownloads } from './download-events.ts';
export {
  EVENT_STREAM_TYPE,
  serializeServerSentEvent,
  type ServerSentEvent,
} from './server-sent-events.ts';
