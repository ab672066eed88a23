import type { ByteSource } from '../../shared/index.ts';
import { parseIntelHex } from './intel-hex.ts';
import { rangesSource } from './range.ts';
import { parseUf2 } from './uf2.ts';

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
  return rangesSource(
    kind === 'uf2' ? parseUf2(bytes).ranges : parseIntelHex(new TextDecoder().decode(bytes)),
  );
}
