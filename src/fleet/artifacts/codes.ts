import type { CodeCatalogue } from '../../shared/index.ts';

/** The codes of artifacts, their bytes, keys and signatures; part of the fleet's. */
export const ARTIFACT_CODES = {
  'fleet/bad-key': {
    kind: 'input',
    httpStatus: 422,
    meaning: 'A key cannot be read, is neither Ed25519 nor ECDSA P-256, or is the private half.',
  },
  'fleet/bad-signature-file': {
    kind: 'input',
    httpStatus: 422,
    meaning: 'A file is no signature file of otakit.',
  },
  'fleet/bad-signature': {
    kind: 'verification',
    httpStatus: 422,
    meaning: 'A signature is not one by its key over this very artifact.',
  },
  'fleet/unknown-key': {
    kind: 'verification',
    httpStatus: 422,
    meaning: 'A signature is by a key that is not registered.',
  },
  'fleet/key-revoked': {
    kind: 'verification',
    httpStatus: 422,
    meaning: 'A signature is by a key that was revoked; its signatures do not count any more.',
  },
  'fleet/too-large': {
    kind: 'input',
    httpStatus: 413,
    meaning: 'The bytes of an artifact are more than the fleet takes.',
  },
  'fleet/digest-mismatch': {
    kind: 'verification',
    httpStatus: 422,
    meaning: 'The bytes that came are not those that were announced: size or SHA-256 differ.',
  },
  'fleet/refused-image': {
    kind: 'input',
    httpStatus: 422,
    meaning: 'An image could not run on every blueprint that it is for; the reasons are listed.',
  },
  'fleet/flash-too-small': {
    kind: 'input',
    meaning: 'An image is built for more flash than a blueprint has; it would stop at its start.',
  },
  'fleet/unsigned': {
    kind: 'verification',
    httpStatus: 422,
    meaning: 'This fleet takes nothing that no registered key has signed.',
  },
  'fleet/fetch-failed': {
    kind: 'network',
    httpStatus: 502,
    meaning: 'The bytes of an artifact could not be fetched from where they were said to be.',
  },
  'fleet/bytes-missing': {
    kind: 'bug',
    meaning: 'An artifact is there, but its bytes are not: the data folder was changed.',
  },
} as const satisfies CodeCatalogue;
