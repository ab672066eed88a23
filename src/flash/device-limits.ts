import type { ChipName } from '../chips/index.ts';
import { formatHex, formatSize } from '../shared/index.ts';
import { FlashError } from './codes.ts';
import { type ChipFacts, factsByName } from './loader/chip-facts.ts';

/** What flash erases at once; everything that is written starts and ends at a multiple. */
export const SECTOR_BYTES = 0x1000;

/** What 24 bits of address reach. */
const REACH_OF_24_BITS = 0x100_0000;

/** What limits what can be done to a board. */
interface Limits {
  readonly target: string;
  readonly loader: 'stub' | 'rom';
  /** Why it has no stub although one was asked for. */
  readonly noStubReason: string | null;
  readonly info: { readonly chip: ChipName; readonly flashSizeBytes: number };
}

/** @throws FlashError `flash/needs-stub` */
export function assertStub({ loader, info, noStubReason }: Limits, what: string): void {
  if (loader === 'stub') return;
  const why = noStubReason === null ? '' : `, and ${noStubReason}`;
  throw new FlashError('flash/needs-stub', `the ROM of the ${info.chip} cannot ${what}${why}`, {
    hint:
      noStubReason === null
        ? 'Leave out --no-stub.'
        : 'Write what should be there instead: that erases too.',
  });
}

/** How much of its flash a loader can reach; what lies beyond would end up at its beginning. */
export function reachableBytes(
  { chip, flashSizeBytes }: Limits['info'],
  loader: Limits['loader'],
): number {
  const isWhole = loader === 'stub' && factsByName(chip).reachesBeyond16MB;
  return isWhole ? flashSizeBytes : Math.min(flashSizeBytes, REACH_OF_24_BITS);
}

/**
 * Holds a range against the flash of a board.
 *
 * @param alignment what its ends have to be a multiple of
 * @throws FlashError `flash/outside-flash`
 */
export function assertWithin(
  { info, target, loader }: Limits,
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
  const reach = reachableBytes(info, loader);
  if (flashOffset + sizeBytes > reach) {
    throw new FlashError(
      'flash/outside-flash',
      `${range} lies beyond the ${formatSize(reach)} of flash that the ${loader} of the ${info.chip} can address`,
      {
        hint: 'Keep what is flashed over USB below that; the application itself may use the rest.',
        details: { flashOffset, sizeBytes, flashSizeBytes, reach },
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
