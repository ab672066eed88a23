import type { ChipName } from '../chips/index.ts';
import { formatHex, formatSize } from '../shared/index.ts';
import { FlashError } from './codes.ts';
import type { ChipFacts } from './loader/chip-facts.ts';

/** What flash erases at once; everything that is written starts and ends at a multiple. */
export const SECTOR_BYTES = 0x1000;

/** What limits what can be done to a board. */
interface Limits {
  readonly target: string;
  readonly loader: 'stub' | 'rom';
  readonly info: { readonly chip: ChipName; readonly flashSizeBytes: number };
}

/** @throws FlashError `flash/needs-stub` */
export function assertStub({ loader, info }: Limits, what: string): void {
  if (loader === 'stub') return;
  throw new FlashError('flash/needs-stub', `the ROM of the ${info.chip} cannot ${what}`, {
    hint: 'Leave out --no-stub.',
  });
}

/**
 * Holds a range against the flash of a board.
 *
 * @param alignment what its ends have to be a multiple of
 * @throws FlashError `flash/outside-flash`
 */
export function assertWithin(
  { info, target }: Limits,
  flashOffset: number,
  sizeBytes: number,
  alignment: number,
): void {
  const { flashSizeBytes } = info;
  const range = `${formatHex(flashOffset)} + ${sizeBytes} bytes`;
  if (flashOffset < 0 || sizeBytes < 0 || flashOffset + sizeBytes > flashSizeBytes) {
    throw new FlashError(
      'flash/outside-flash',
      `${range} does not lie within the ${formatSize(flashSizeBytes)} of flash on ${target}`,
      {
        hint: 'Check the offset and the size, and whether it is the right board.',
        details: { flashOffset, sizeBytes, flashSizeBytes },
      },
    );
  }
  if (flashOffset % alignment === 0 && sizeBytes % alignment === 0) return;
  throw new FlashError('flash/outside-flash', `${range} does not lie on whole sectors`, {
    hint: `Flash is erased and written in sectors of ${SECTOR_BYTES} bytes: start and end at multiples of 0x1000.`,
    details: { flashOffset, sizeBytes },
  });
}

/** Where the chip finds no flash that could be written. */
export function noFlash({ chip }: ChipFacts, flashId: number | null): FlashError {
  const said = flashId === null ? 'nothing' : formatHex(flashId, 6);
  return new FlashError('flash/no-flash-chip', `the ${chip.title} gets ${said} as its flash's id`, {
    hint: 'Check the soldering and the power of the flash, and the eFuses or straps for its voltage.',
    details: { flashId },
  });
}
