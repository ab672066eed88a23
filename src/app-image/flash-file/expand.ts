import { type ByteSource, formatHex } from '../../shared/index.ts';
import { AppImageError } from '../codes.ts';
import { parseIntelHex } from './intel-hex.ts';
import { rangeEnd, rangesSource } from './range.ts';
import { parseUf2 } from './uf2.ts';

/**
 * The largest flash that an image header can name. A few lines can give an address 4 GB up, and
 * everything below it would be filled.
 */
const LARGEST_FLASH_BYTES = 128 * 1024 * 1024;

/**
 * The flash contents that an Intel HEX or UF2 file describes, as a source that begins at flash offset
 * 0 and has 0xFF in the gaps.
 *
 * @throws AppImageError `app-image/bad-intel-hex`, `app-image/bad-uf2`
 */
export async function expandFlashFile(
  source: ByteSource,
  kind: 'intel-hex' | 'uf2',
): Promise<ByteSource> {
  const bytes = await source.read(0, source.sizeBytes);
  const ranges =
    kind === 'uf2' ? parseUf2(bytes).ranges : parseIntelHex(new TextDecoder().decode(bytes));
  const endFlashOffset = ranges.reduce((end, range) => Math.max(end, rangeEnd(range)), 0);
  if (endFlashOffset > LARGEST_FLASH_BYTES) {
    throw new AppImageError(
      kind === 'uf2' ? 'app-image/bad-uf2' : 'app-image/bad-intel-hex',
      `the data reaches to ${formatHex(endFlashOffset)}, and no flash is larger than ${formatHex(LARGEST_FLASH_BYTES)}`,
      {
        hint: 'Give a file of flash offsets, as esptool merge-bin writes it, not one of memory addresses.',
        details: { endFlashOffset },
      },
    );
  }
  return rangesSource(ranges);
}
