/**
 * The fleet server: management API, device protocols, events, webhooks and metrics in front of a
 * fleet, on one port that speaks HTTP/1.1 and HTTP/2.
 *
 * @module
 */
export { SERVER_CODES, type ServerCode, ServerError } from './codes.ts';
export type { CreateFace, DownloadObserver, Face, FaceContext, FaceRoute } from './faces/face.ts';
export type { FaceRequest } from './faces/face-request.ts';
