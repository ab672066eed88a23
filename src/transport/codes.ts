import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';

/** Every code of {@link TransportError} and of the issues that this module reports. */
export const TRANSPORT_CODES = {
  'transport/bad-target': {
    kind: 'usage',
    meaning: 'A port is named in a way that otakit does not know.',
  },
  'transport/port-missing': {
    kind: 'device',
    meaning: 'There is no such serial port: the board is not plugged in, or has another name.',
  },
  'transport/port-denied': {
    kind: 'device',
    meaning: 'The serial port may not be opened by this user.',
  },
  'transport/port-busy': {
    kind: 'device',
    meaning: 'Another program has the serial port open, or another client has it from its server.',
  },
  'transport/port-lost': {
    kind: 'device',
    meaning: 'The port went away in the middle of the work: unplugged, reset, or disconnected.',
  },
  'transport/port-failed': {
    kind: 'device',
    meaning: 'The operating system refused something that was asked of the port.',
  },
  'transport/unreachable': {
    kind: 'network',
    meaning: 'The host and port of a network serial port do not answer.',
  },
  'transport/not-rfc2217': {
    kind: 'network',
    meaning: 'The server behind an `rfc2217://` port does not speak RFC 2217.',
  },
} as const satisfies CodeCatalogue;

/** One of {@link TRANSPORT_CODES} that is thrown. */
export type TransportCode = ThrowableCode<typeof TRANSPORT_CODES>;

/** Thrown by links and port listings. */
export class TransportError extends OtakitError {
  constructor(code: TransportCode, message: string, context?: ErrorContext) {
    super(TRANSPORT_CODES, code, message, context);
  }
}
