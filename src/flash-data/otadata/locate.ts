import { formatHex } from '../../shared/index.ts';
import { OtadataError } from '../codes.ts';
import { bootSlots, type BootTable } from './boot-slots.ts';
import { OTADATA_SIZE_BYTES } from './record.ts';

/**
 * Where otadata starts in a file: at 0 in a dump of the partition alone (which its size gives away),
 * at the entry's flash offset in a merged image or a dump of the whole flash.
 *
 * @throws OtadataError `otadata/no-partition`, `otadata/not-in-file`
 */
export function locateOtadata(fileSizeBytes: number, table: BootTable): number {
  if (fileSizeBytes === OTADATA_SIZE_BYTES) return 0;
  const { otadata } = bootSlots(table);
  if (otadata === null) {
    throw new OtadataError('otadata/no-partition', 'the partition table has no otadata entry', {
      hint: 'Without otadata the device always boots its factory app or first slot.',
    });
  }
  const end = otadata.flashOffset + OTADATA_SIZE_BYTES;
  if (end > fileSizeBytes) {
    throw new OtadataError(
      'otadata/not-in-file',
      `the table has otadata at ${formatHex(otadata.flashOffset)}, but the file ends at ${formatHex(fileSizeBytes)}`,
      {
        hint: 'Give a dump of the otadata partition (0x2000 bytes) or a file that starts at flash offset 0 and reaches past it.',
        details: { needBytes: end, haveBytes: fileSizeBytes },
      },
    );
  }
  return otadata.flashOffset;
}
