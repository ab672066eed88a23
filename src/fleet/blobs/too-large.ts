import { formatSize } from '../../shared/index.ts';
import { FleetError } from '../codes.ts';

/** More bytes came than may come. */
export function tooLarge(maxBytes: number): FleetError {
  return new FleetError('fleet/too-large', `There are more than ${formatSize(maxBytes)}.`, {
    hint: 'An app image is never that large; take the build, not a flash dump.',
    details: { maxBytes },
  });
}
