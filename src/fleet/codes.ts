import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';
import { ARTIFACT_CODES } from './artifacts/codes.ts';
import { ROLLOUT_CODES } from './rollouts/codes.ts';

/** Every code of the fleet, with its meaning and what HTTP answers. */
export const FLEET_CODES = {
  ...ARTIFACT_CODES,
  ...ROLLOUT_CODES,
  'fleet/not-found': {
    kind: 'input',
    httpStatus: 404,
    meaning: 'The thing that was named is not in the fleet.',
  },
  'fleet/exists': {
    kind: 'input',
    httpStatus: 409,
    meaning: 'Something of that name exists already.',
  },
  'fleet/in-use': {
    kind: 'input',
    httpStatus: 409,
    meaning: 'It cannot be removed, because something else refers to it.',
  },
  'fleet/changed-meanwhile': {
    kind: 'input',
    httpStatus: 412,
    meaning: 'Somebody else changed it since it was read; read it again and decide anew.',
  },
  'fleet/rollout-active': {
    kind: 'input',
    httpStatus: 409,
    meaning: 'A rollout of the cohort has not ended, and it decides what the cohort runs.',
  },
  'fleet/wrong-state': {
    kind: 'input',
    httpStatus: 409,
    meaning: 'What was asked for cannot be done in the state that the thing is in.',
  },
  'fleet/invalid': {
    kind: 'input',
    httpStatus: 422,
    meaning: 'A value is missing, of the wrong form or out of range.',
  },
  'fleet/bad-partition-table': {
    kind: 'input',
    httpStatus: 422,
    meaning:
      'The partition table of a blueprint cannot be read, or no device could be updated with it.',
  },
  'fleet/address-refused': {
    kind: 'input',
    httpStatus: 422,
    meaning: 'An address of the own network was named, which the server may not reach.',
  },
  'fleet/data-damaged': {
    kind: 'input',
    meaning: 'The database in the data folder is damaged, or is none.',
  },
  'fleet/data-newer': {
    kind: 'input',
    meaning: 'The data folder was written by a newer otakit than this one.',
  },
  'fleet/bad-archive': {
    kind: 'input',
    httpStatus: 422,
    meaning: 'What was given is no backup of a fleet, or not a whole one.',
  },
  'fleet/backup-incomplete': {
    kind: 'input',
    httpStatus: 409,
    meaning: 'No backup can be made, because bytes of an artifact are missing or damaged.',
  },
  'fleet/disk-full': {
    kind: 'network',
    httpStatus: 507,
    meaning: 'There is no room left on the disk of the data folder, or none for this user.',
  },
  'fleet/folder-unusable': {
    kind: 'input',
    meaning: 'The data folder cannot be made, read or written.',
  },
  'fleet/folder-in-use': {
    kind: 'input',
    httpStatus: 409,
    meaning: 'Another process has the data folder open.',
  },
} as const satisfies CodeCatalogue;

/** A code of the fleet. */
export type FleetCode = keyof typeof FLEET_CODES;

/** Thrown by the fleet's services and its store. */
export class FleetError extends OtakitError {
  constructor(code: ThrowableCode<typeof FLEET_CODES>, message: string, context?: ErrorContext) {
    super(FLEET_CODES, code, message, context);
  }
}
