import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';

export const CLI_CODES = {
  'cli/usage': { kind: 'usage', meaning: 'The command line is not one that otakit knows.' },
  'cli/file-not-readable': {
    kind: 'input',
    meaning: 'A file that was named cannot be read: it is missing, a folder, or not permitted.',
  },
  'cli/file-not-writable': {
    kind: 'input',
    meaning: 'A file that was to be written cannot be: the folder is missing or not permitted.',
  },
  'cli/file-exists': {
    kind: 'usage',
    meaning: 'A file that was to be written exists already; `--force` overwrites it.',
  },
  'cli/bad-journal': {
    kind: 'input',
    meaning: 'The journal of which board has which row of a CSV is damaged.',
  },
  'cli/no-build': {
    kind: 'input',
    meaning: 'A folder has no finished build in the places where build tools leave it.',
  },
  'cli/sizes-not-checked': {
    kind: 'warning',
    meaning:
      'There is no partition table, so that it cannot be said whether a build fits the device.',
  },
  'cli/downloads-again': {
    kind: 'warning',
    meaning:
      'A device has every byte of a build and downloads it again, so it may not have taken it.',
  },
  'cli/server-unreachable': {
    kind: 'network',
    meaning: 'The fleet server does not answer at the address that was given.',
  },
  'cli/server-answer': {
    kind: 'network',
    meaning: 'What answered is not an otakit server, or not what was stored there.',
  },
  'cli/interrupted': { kind: 'interrupted', meaning: 'Stopped by Ctrl-C or SIGTERM.' },
  'cli/bug': {
    kind: 'bug',
    meaning: 'Something went wrong inside otakit itself; please report it.',
  },
} as const satisfies CodeCatalogue;

/** Thrown by the command line itself, not by what it calls. */
export class CliError extends OtakitError {
  constructor(code: ThrowableCode<typeof CLI_CODES>, message: string, context?: ErrorContext) {
    super(CLI_CODES, code, message, context);
  }
}
