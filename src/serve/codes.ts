import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';

/** Every code of {@link ServeError} and of the issues that this module reports. */
export const SERVE_CODES = {
  'serve/port-taken': {
    kind: 'network',
    meaning: 'The port to serve on is already in use by another program.',
  },
  'serve/cannot-listen': {
    kind: 'network',
    meaning: 'The address to serve on cannot be listened on: not permitted, or not ours.',
  },
  'serve/no-address': {
    kind: 'network',
    meaning: 'This machine has no IPv4 address that a URL could name.',
  },
  'serve/no-partition-table': {
    kind: 'usage',
    meaning: 'No partition table was given, so that it cannot be said whether the image fits.',
  },
  'serve/tag-reused': {
    kind: 'usage',
    meaning: 'Other bytes were served under this version tag before, so devices would not update.',
  },
  'serve/no-auth': {
    kind: 'warning',
    meaning: 'Without tokens, everybody who reaches the port can download the image.',
  },
  'serve/bad-host': {
    kind: 'usage',
    meaning: 'The host for the URL is not a plain host name or IP address.',
  },
  'serve/url-too-long': {
    kind: 'usage',
    meaning: 'The download URL is over 200 characters, which some devices cannot hold.',
  },
  'serve/key-unusable': {
    kind: 'input',
    meaning: 'The key file for download tokens is damaged or cannot be read or written.',
  },
  'serve/key-exposed': {
    kind: 'warning',
    meaning: 'The key file for download tokens was readable by others; it was replaced.',
  },
  'serve/address-loopback': {
    kind: 'warning',
    meaning: 'The URL names the loopback address, which no device on the LAN can reach.',
  },
  'serve/address-not-lan': {
    kind: 'warning',
    meaning: 'The URL names a virtual, container, VPN or link-local address.',
  },
  'serve/address-in-guest': {
    kind: 'warning',
    meaning:
      'Serving from inside WSL, a virtual machine or a container, whose address may be unknown outside.',
  },
} as const satisfies CodeCatalogue;

/** Thrown by the server and by what it is made of. */
export class ServeError extends OtakitError {
  constructor(code: ThrowableCode<typeof SERVE_CODES>, message: string, context?: ErrorContext) {
    super(SERVE_CODES, code, message, context);
  }
}
