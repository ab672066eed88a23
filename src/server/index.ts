/**
 * The fleet server: management API, device protocols, events, webhooks and metrics in front of a
 * fleet, on one port that speaks HTTP/1.1 and HTTP/2.
 *
 * @module
 */
export { SERVER_CODES, type ServerCode, ServerError } from './codes.ts';
export {
  createFleetServer,
  type FleetHome,
  type FleetHomes,
  type FleetServer,
  type FleetServerOptions,
  type ReceivedArchive,
} from './create-fleet-server.ts';
export {
  type FolderServer,
  type FolderServerOptions,
  openFolderServer,
} from './open-folder-server.ts';
export {
  readServerFile,
  removeServerFile,
  type ServerFile,
  writeServerFile,
} from './server-file.ts';
export { createFleetApp, type FleetApp, type FleetAppOptions } from './create-fleet-app.ts';
export { DEFAULT_SERVER_LIMITS, type ServerLimits } from './limits/limits.ts';
export type { Rate } from './limits/token-bucket.ts';
export {
  createLog,
  type Log,
  LOG_LEVELS,
  type LogLevel,
  type RequestRecord,
  SILENT_LOG,
} from './observe/log.ts';
export type { Metrics } from './observe/metrics.ts';
export type { Archive, RestoreReport } from './api/services.ts';
export { createLocalToken, type LocalToken } from './access/local-token.ts';
export type { CreateFace, DownloadObserver, Face, FaceContext, FaceRoute } from './faces/face.ts';
export type { FaceRequest } from './faces/face-request.ts';
