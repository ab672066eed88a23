import type { ChipName } from '../../chips/index.ts';
import type { VerifiedSegment } from './verify-image.ts';

interface Region {
  readonly start: number;
  readonly end: number;
}

/**
 * Where the second-stage bootloader itself lies while it loads an app: no segment may be copied over
 * it. As its boot log shows it on the chips that run micro-RDK, and on one more that samples exist for.
 */
const BOOTLOADER_MEMORY: Partial<Record<ChipName, readonly Region[]>> = {
  esp32: [region(0x3fff0040, 0x1860), region(0x40078000, 0x3dcc)],
  esp32c3: [region(0x3fcd5830, 0x153c), region(0x403ce710, 0x2fcc)],
  esp32c6: [region(0x4086e610, 0x2d68), region(0x40875720, 0x1800)],
};

/**
 * Why the bootloader cannot load these segments although the image is whole; `null` where it can.
 * This is what a bootloader image in an app slot (a merged image that was cut short) fails by: the
 * running app finds nothing wrong with it, because only the bootloader looks.
 */
export function loadFault(chip: ChipName, segments: readonly VerifiedSegment[]): string | null {
  for (const { index, loadAddress, lengthBytes, placement } of segments) {
    if (placement !== 'load') continue;
    const end = loadAddress + lengthBytes;
    const overlaps = BOOTLOADER_MEMORY[chip]?.some(
      (region) => loadAddress < region.end && region.start < end,
    );
    if (overlaps === true) {
      return `Segment ${index} ${hex(loadAddress)}-${hex(end)} invalid: overlaps bootloader`;
    }
  }
  return null;
}

function region(start: number, lengthBytes: number): Region {
  return { start, end: start + lengthBytes };
}

function hex(address: number): string {
  return `0x${address.toString(16).padStart(8, '0')}`;
}
