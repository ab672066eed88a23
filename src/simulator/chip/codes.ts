import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../../shared/index.ts';

/** Every code of {@link VirtualChipError}. */
export const VIRTUAL_CHIP_CODES = {
  'virtual-chip/flash-misaligned': {
    kind: 'device',
    meaning: 'A virtual flash was asked to erase something other than whole sectors.',
  },
  'virtual-chip/flash-outside': {
    kind: 'device',
    meaning: 'A virtual flash was asked for something beyond its end.',
  },
  'virtual-chip/unsupported-chip': {
    kind: 'usage',
    meaning: 'There is no virtual chip of that family.',
  },
  'virtual-chip/no-pty': {
    kind: 'usage',
    meaning: 'A virtual chip cannot be put on a pseudo-terminal on this machine.',
  },
  'virtual-chip/bad-faults': {
    kind: 'input',
    meaning: 'A file of faults for a virtual chip is not JSON, or names a fault that there is not.',
  },
} as const satisfies CodeCatalogue;

/** Thrown by the virtual chip about how it was set up or used. */
export class VirtualChipError extends OtakitError {
  constructor(
    code: ThrowableCode<typeof VIRTUAL_CHIP_CODES>,
    message: string,
    context?: ErrorContext,
  ) {
    super(VIRTUAL_CHIP_CODES, code, message, context);
  }
}
