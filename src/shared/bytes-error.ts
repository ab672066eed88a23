import type { CodeCatalogue, ThrowableCode } from './codes.ts';
import { type ErrorContext, OtakitError } from './errors.ts';

export const BYTES_CODES = {
  'bytes/read-past-end': {
    kind: 'input',
    meaning: 'A field lies past the end of the file: the file is cut short.',
  },
} as const satisfies CodeCatalogue;

/** Thrown by {@link ByteReader} and by byte sources. */
export class BytesError extends OtakitError {
  constructor(code: ThrowableCode<typeof BYTES_CODES>, message: string, context?: ErrorContext) {
    super(BYTES_CODES, code, message, context);
  }
}
