import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../../shared/index.ts';

export const VIAM_CLOUD_CODES = {
  'simulator/cloud-cannot-listen': {
    kind: 'network',
    meaning: 'The virtual Viam cloud cannot listen on the address and port that were asked for.',
  },
  'simulator/fragment-tag': {
    kind: 'usage',
    meaning:
      'A tag of the virtual Viam cloud has a bad name, or is for a fragment that is not there.',
  },
} as const satisfies CodeCatalogue;

/** Thrown when a virtual cloud cannot do what it was set up for. */
export class ViamCloudError extends OtakitError {
  constructor(
    code: ThrowableCode<typeof VIAM_CLOUD_CODES>,
    message: string,
    context?: ErrorContext,
  ) {
    super(VIAM_CLOUD_CODES, code, message, context);
  }
}
