import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';

/** Every code of {@link MachineConfigError} and of the issues that this module reports. */
export const MACHINE_CONFIG_CODES = {
  'machine-config/syntax': {
    kind: 'input',
    meaning: 'A machine config is not JSON; the message has line and column.',
  },
  'machine-config/shape': {
    kind: 'input',
    meaning: 'A part of a machine config has another JSON type than Viam gives it.',
  },
  'machine-config/duplicate-key': {
    kind: 'input',
    meaning:
      'An object of a machine config has the same key twice; readers disagree on which counts.',
  },
  'machine-config/not-strict': {
    kind: 'warning',
    meaning: 'A machine config has comments or trailing commas, which Viam does not accept.',
  },
  'machine-config/several-services': {
    kind: 'input',
    meaning: 'A machine config has several OTA services, of which the device uses the first.',
  },
  'machine-config/not-first-service': {
    kind: 'warning',
    meaning: 'The OTA service that was named is not the first one, which is what the device uses.',
  },
  'machine-config/no-such-service': {
    kind: 'usage',
    meaning: 'The OTA service that was named is not in the machine config.',
  },
  'machine-config/no-service': {
    kind: 'warning',
    meaning: 'A machine config has no OTA service, so the device never updates.',
  },
  'machine-config/fragment-not-read': {
    kind: 'warning',
    meaning: 'A machine config uses a fragment whose content is not known here.',
  },
  'machine-config/fragment-pinned': {
    kind: 'warning',
    meaning:
      'Machines use the fragment at a fixed version or tag, so that no edit of it gets there.',
  },
  'machine-config/variable': {
    kind: 'input',
    meaning: 'A value in a fragment is a variable, which each machine sets for itself.',
  },
  'machine-config/url-missing': {
    kind: 'input',
    meaning: 'The OTA service has no `url`, which the device requires.',
  },
  'machine-config/url-not-text': {
    kind: 'input',
    meaning: 'The `url` of the OTA service is not a JSON string.',
  },
  'machine-config/url-invalid': {
    kind: 'input',
    meaning: 'The URL is relative, malformed, or longer than the device can parse.',
  },
  'machine-config/url-scheme': {
    kind: 'input',
    meaning: 'The URL is neither `http` nor `https`.',
  },
  'machine-config/url-userinfo': {
    kind: 'input',
    meaning: 'The URL has a user name or password, which the device puts into the host name.',
  },
  'machine-config/url-without-port': {
    kind: 'input',
    meaning: 'An `http` URL has no explicit port, so the device would dial 443.',
  },
  'machine-config/url-private-https': {
    kind: 'input',
    meaning: 'An `https` URL is on a private address, for which no trusted certificate exists.',
  },
  'machine-config/url-loopback': {
    kind: 'input',
    meaning: 'The URL is on a loopback or unspecified address: the device would dial itself.',
  },
  'machine-config/url-local-name': {
    kind: 'warning',
    meaning: 'The URL has a host name of the local network, which the device may not resolve.',
  },
  'machine-config/url-fragment': {
    kind: 'warning',
    meaning: 'The URL has a `#` part, which the device drops.',
  },
  'machine-config/url-without-tag': {
    kind: 'warning',
    meaning: 'The URL changes but the version tag does not, so the device does not update.',
  },
  'machine-config/tag-missing': {
    kind: 'input',
    meaning: 'The OTA service has no `version`, which the device requires.',
  },
  'machine-config/tag-not-text': {
    kind: 'input',
    meaning:
      'The `version` of the OTA service is not a JSON string; the device takes nothing else.',
  },
  'machine-config/tag-empty': {
    kind: 'input',
    meaning: 'The version tag is empty; a device that was never updated does not react to it.',
  },
  'machine-config/tag-too-long': {
    kind: 'input',
    meaning: 'The version tag is longer than the 128 bytes that the device accepts.',
  },
  'machine-config/tag-unchanged': {
    kind: 'input',
    meaning: 'The version tag is the present one, so the device would do nothing.',
  },
  'machine-config/tag-older': {
    kind: 'warning',
    meaning: 'The version tag looks older than the present one; the device takes it all the same.',
  },
  'machine-config/tag-spaces': {
    kind: 'warning',
    meaning: 'The version tag begins or ends with a blank, which counts for the device.',
  },
  'machine-config/changed-since': {
    kind: 'input',
    meaning: 'The OTA service was changed by somebody else since the edit that is to be undone.',
  },
  'machine-config/earlier-fell-back': {
    kind: 'warning',
    meaning: 'The device writes to the slot of the update before again, so that one does not run.',
  },
  'machine-config/prefixed': {
    kind: 'input',
    meaning:
      'The OTA service comes from a fragment that is used with a prefix, and nothing overrides it yet.',
  },
  'machine-config/target': {
    kind: 'input',
    meaning: 'The file with the machine config cannot be read or written.',
  },
  'machine-config/read-only': {
    kind: 'input',
    meaning:
      'The file with the machine config is read-only, or its folder takes no new file: it stays as it was.',
  },
  'machine-config/other-owner': {
    kind: 'input',
    meaning:
      'The file with the machine config belongs to somebody else, who would lose it by the edit.',
  },
  'machine-config/preflight-unreachable': {
    kind: 'network',
    meaning: 'The URL cannot be fetched from here: no connection, no answer, or an aborted one.',
  },
  'machine-config/preflight-http1-only': {
    kind: 'network',
    meaning: 'The server of the URL does not speak HTTP/2, which is all that the device speaks.',
  },
  'machine-config/preflight-certificate': {
    kind: 'network',
    meaning: 'The certificate of the server is self-signed, expired, or for another name.',
  },
  'machine-config/preflight-redirect': {
    kind: 'network',
    meaning: 'The URL redirects in a way that the device cannot follow, or too often.',
  },
  'machine-config/preflight-status': {
    kind: 'network',
    meaning: 'The server answers the URL with a status that is no success.',
  },
  'machine-config/preflight-no-length': {
    kind: 'network',
    meaning: 'The answer has no usable content-length, which the device requires.',
  },
  'machine-config/preflight-not-an-app-image': {
    kind: 'input',
    meaning: 'What the URL leads to does not begin like an app image.',
  },
  'machine-config/preflight-version': {
    kind: 'input',
    meaning:
      'The version in the image is longer than the 24 bytes that the device can hold, or no UTF-8.',
  },
  'machine-config/preflight-small-frame': {
    kind: 'warning',
    meaning: 'The answer may begin with a frame below 288 bytes, which the device misreads.',
  },
  'machine-config/not-authenticated': {
    kind: 'network',
    meaning: 'The Viam app does not accept the API key.',
  },
  'machine-config/login-expired': {
    kind: 'network',
    meaning:
      'The Viam app took the API key, but not the login that it gave for it: it has expired.',
  },
  'machine-config/not-permitted': {
    kind: 'network',
    meaning: 'The API key may not do this in the Viam app.',
  },
  'machine-config/not-found': {
    kind: 'input',
    meaning: 'The Viam app knows no part or fragment of this id.',
  },
  'machine-config/cloud-unreachable': {
    kind: 'network',
    meaning: 'The Viam app cannot be reached, does not answer in time, or failed.',
  },
  'machine-config/conflict': {
    kind: 'network',
    meaning:
      'The machine config was changed by somebody else each time it was about to be written.',
  },
  'machine-config/not-kept': {
    kind: 'verification',
    meaning: 'The machine config was written, but reads back differently.',
  },
} as const satisfies CodeCatalogue;

/** One of {@link MACHINE_CONFIG_CODES}. */
export type MachineConfigCode = keyof typeof MACHINE_CONFIG_CODES;

/** Thrown for a machine config that cannot be read, edited or written. */
export class MachineConfigError extends OtakitError {
  constructor(
    code: ThrowableCode<typeof MACHINE_CONFIG_CODES>,
    message: string,
    context?: ErrorContext,
  ) {
    super(MACHINE_CONFIG_CODES, code, message, context);
  }
}
