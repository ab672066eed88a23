import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';

/** Every code of {@link SimulatorError}: virtual micro-RDK devices and the virtual cloud. */
export const SIMULATOR_CODES = {
  'simulator/no-app-slot': {
    kind: 'input',
    meaning: 'The partition table of a virtual device has no slot that an app could boot from.',
  },
  'simulator/image-too-large': {
    kind: 'input',
    meaning: 'The first firmware of a virtual device is larger than its first app slot.',
  },
  'simulator/no-nvs': {
    kind: 'input',
    meaning: 'The partition table of a virtual micro-RDK has no NVS to keep its version tag in.',
  },
  'simulator/table-too-large': {
    kind: 'input',
    meaning: 'The partition table of a virtual device reaches past the end of the largest flash.',
  },
  'simulator/state-unusable': {
    kind: 'input',
    meaning: 'The state folder of a virtual device is incomplete, damaged, or not writable.',
  },
  'simulator/state-differs': {
    kind: 'usage',
    meaning: 'The state folder holds a virtual device with another chip or partition table.',
  },
  'simulator/fell-back': {
    kind: 'verification',
    meaning:
      'The bootloader refused the new slot: the old firmware runs under the new version tag.',
  },
  'simulator/not-bootable': {
    kind: 'verification',
    meaning: 'The virtual device boots from no slot any more; only a cable would help a real one.',
  },
  'simulator/credentials-refused': {
    kind: 'network',
    meaning: 'The cloud refused the credentials of a virtual device, which therefore erased them.',
  },
  'simulator/timed-out': {
    kind: 'network',
    meaning: 'The virtual device took no update within the time given.',
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
