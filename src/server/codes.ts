import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';

/** Every code of the fleet server, with its meaning and what HTTP answers. */
export const SERVER_CODES = {
  'server/unauthorized': {
    kind: 'input',
    httpStatus: 401,
    meaning: 'The request has no credential, or one that is not valid (any more).',
  },
  'server/forbidden': {
    kind: 'input',
    httpStatus: 403,
    meaning: 'The credential is valid, but its role does not allow this.',
  },
  'server/link-invalid': {
    kind: 'input',
    httpStatus: 403,
    meaning: 'The download URL is wrong, has expired, or belongs to a device that is gone.',
  },
  'server/no-route': {
    kind: 'input',
    httpStatus: 404,
    meaning: 'The server has nothing under this path.',
  },
  'server/method-not-allowed': {
    kind: 'input',
    httpStatus: 405,
    meaning: 'The path exists, but not with this method.',
  },
  'server/bad-request': {
    kind: 'input',
    httpStatus: 400,
    meaning: 'The request cannot be read: a path, a header or JSON that is no such thing.',
  },
  'server/invalid-request': {
    kind: 'input',
    httpStatus: 422,
    meaning: 'A parameter or a field is missing, unknown, of the wrong form or out of range.',
  },
  'server/no-such-range': {
    kind: 'input',
    httpStatus: 416,
    meaning: 'The part of an artifact that a device asks for is beyond its end.',
  },
  'server/body-too-large': {
    kind: 'input',
    httpStatus: 413,
    meaning: 'The body of the request is larger than this path takes.',
  },
  'server/unsupported-type': {
    kind: 'input',
    httpStatus: 415,
    meaning: 'The body of the request is of a type that this path does not take.',
  },
  'server/body-cut': {
    kind: 'input',
    httpStatus: 400,
    meaning: 'The body of the request ended early or came too slowly.',
  },
  'server/rate-limited': {
    kind: 'input',
    httpStatus: 429,
    meaning: 'Too many requests from one device, token or address; try again later.',
  },
  'server/too-many-connections': {
    kind: 'input',
    httpStatus: 429,
    meaning: 'One address has as many connections open as the server lets it have.',
  },
  'server/idempotency-reused': {
    kind: 'input',
    httpStatus: 422,
    meaning: 'An Idempotency-Key was used again, for another request or with another credential.',
  },
  'server/idempotency-conflict': {
    kind: 'input',
    httpStatus: 409,
    meaning: 'A request with the same Idempotency-Key is being worked on.',
  },
  'server/no-archive': {
    kind: 'input',
    httpStatus: 409,
    meaning: 'This fleet cannot be backed up or restored, since it is not in a folder of its own.',
  },
  'server/busy': {
    kind: 'network',
    httpStatus: 503,
    meaning: 'As many downloads or event streams are open as the server allows at once.',
  },
  'server/not-ready': {
    kind: 'network',
    httpStatus: 503,
    meaning: 'The server cannot store anything, or has hardly any room left to.',
  },
  'server/stopping': {
    kind: 'network',
    httpStatus: 503,
    meaning: 'The server is being stopped or restored from a backup.',
  },
  'server/bug': {
    kind: 'bug',
    httpStatus: 500,
    meaning: 'Something went wrong inside the server; its log has more.',
  },
} as const satisfies CodeCatalogue;

/** A code of the fleet server. */
export type ServerCode = keyof typeof SERVER_CODES;

/** Thrown by the fleet server. */
export class ServerError extends OtakitError {
  constructor(code: ThrowableCode<typeof SERVER_CODES>, message: string, context?: ErrorContext) {
    super(SERVER_CODES, code, message, context);
  }
}
