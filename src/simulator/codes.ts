import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';

export const SIMULATOR_CODES = {
  'simulator/no-app-slot': {
    kind: 'input',
    meaning: 'The partition table of a virtual device has no slot that an app could boot from.',
  },
  'simulator/image-too-large': {
    kind: 'input',
    meaning: 'The first firmware of a virtual device is larger than its first app slot.',
  },
} as const satisfies CodeCatalogue;

/** Thrown by the simulator about how it was set up, and about how a virtual device ended. */
export class SimulatorError extends OtakitError {
  constructor(
    code: ThrowableCode<typeof SIMULATOR_CODES>,
    message: string,
    context?: ErrorContext,
  ) {
    super(SIMULATOR_CODES, code, message, context);
  }
}
