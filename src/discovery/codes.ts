import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';

/** Every code of {@link DiscoveryError} and of the issues that this module reports. */
export const DISCOVERY_CODES = {
  'discovery/no-multicast': {
    kind: 'network',
    meaning:
      'No network interface takes multicast DNS: nothing can be announced or found on this machine.',
  },
  'discovery/fact-too-long': {
    kind: 'usage',
    meaning: 'A fact to announce is longer than the 255 bytes that a DNS text string holds.',
  },
  'discovery/renamed': {
    kind: 'warning',
    meaning: 'Another server on the LAN has the announced name already, so a number was appended.',
  },
  'discovery/loopback-only': {
    kind: 'warning',
    meaning: 'The server listens on loopback only, so it is not announced on the LAN.',
  },
} as const satisfies CodeCatalogue;

/** One of {@link DISCOVERY_CODES}. */
export type DiscoveryCode = keyof typeof DISCOVERY_CODES;

/** Thrown by everything in this module; the errors of the mDNS library are translated into it. */
export class DiscoveryError extends OtakitError {
  constructor(
    code: ThrowableCode<typeof DISCOVERY_CODES>,
    message: string,
    context?: ErrorContext,
  ) {
    super(DISCOVERY_CODES, code, message, context);
  }
}
