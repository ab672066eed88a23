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
} as const satisfies CodeCatalogue;
