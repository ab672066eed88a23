import type { CodeCatalogue } from '../../shared/index.ts';

/** What can be wrong with a rollout, and with what a device asks for because of one. */
export const ROLLOUT_CODES = {
  'fleet/rollback-impossible': {
    kind: 'input',
    httpStatus: 409,
    meaning: 'There is nothing to go back to, or anti-rollback keeps devices from booting it.',
  },
  'fleet/deployment-outdated': {
    kind: 'input',
    httpStatus: 409,
    meaning: 'The deployment was rolled back, or is older than what the cohort runs.',
  },
  'fleet/report-outdated': {
    kind: 'input',
    httpStatus: 409,
    meaning:
      'A report of a device is from before the last boot that it reported, so it is not believed.',
  },
  'fleet/not-assigned': {
    kind: 'input',
    httpStatus: 403,
    meaning: 'A device asked for something that it is not to fetch now.',
  },
} as const satisfies CodeCatalogue;
