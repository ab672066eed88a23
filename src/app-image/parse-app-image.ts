import type { ByteSource } from '../shared/index.ts';
import { type AppImageCode, AppImageError, type AppImageIssue } from './codes.ts';
import { describeNotAppImage } from './describe.ts';
import type { AppImage } from './image.ts';
import { inspectImage } from './inspect-image.ts';

/**
 * Reads an app image whose structure, checksum and hash are sound.
 *
 * @throws AppImageError with the code of the first fault: what the file is instead of an app image,
 * `app-image/truncated`, `app-image/checksum-mismatch`, …
 */
export async function parseAppImage(source: ByteSource): Promise<AppImage> {
  const inspection = await inspectImage(source);
  if (inspection.kind !== 'app-image') throw asError(describeNotAppImage(inspection));
  const fault = inspection.issues.find((issue) => issue.severity === 'error');
  if (fault !== undefined) throw asError(fault);
  return inspection;
}

/** An issue of severity `error` as something to throw. */
function asError({ code, message, hint, location }: AppImageIssue): AppImageError {
  return new AppImageError(code as ThrowableAppImageCode, message, {
    hint,
    details: location === undefined ? {} : { ...location },
  });
}

type ThrowableAppImageCode = ConstructorParameters<typeof AppImageError>[0] & AppImageCode;
