import { chipByName } from '../../chips/index.ts';
import { formatHex, type Issue } from '../../shared/index.ts';
import type { FlashCode } from '../codes.ts';
import type { DeviceInfo } from '../device.ts';
import type { PlannedPart } from './plan.ts';

type FlashIssue = Issue<FlashCode>;

/** Partition types (ESP-IDF): of a bootloader or a table of its own, beside the first of each. */
const APP_TYPE = 0;
const BOOTLOADER_TYPE = 2;
const TABLE_TYPE = 3;

/** A bootloader, a table or data must not lie where something else is looked for. */
export function placeIssues(part: PlannedPart): readonly FlashIssue[] {
  const { kind, entry, fileName, image, flashOffset } = part;
  switch (kind) {
    case 'app-image':
      return [];
    case 'bootloader': {
      const chip = image?.chip ?? null;
      const usual = chip === null ? flashOffset : chipByName(chip).bootloaderFlashOffset;
      if (flashOffset === usual || entry?.type === BOOTLOADER_TYPE) return [];
      return wrongPlace(
        part,
        `is a bootloader: its chip looks for one at ${formatHex(usual)} alone`,
        `Leave the place out: ${fileName} goes there by itself.`,
      );
    }
    case 'partition-table':
      if (entry === null || entry.type === TABLE_TYPE) return [];
      return wrongPlace(
        part,
        'is a partition table, and no content of a partition',
        `Leave the place out: ${fileName} goes to 0x8000 by itself.`,
      );
    case 'data':
      if (entry?.type !== APP_TYPE || part.placedBy === 'file') return [];
      return wrongPlace(
        part,
        'is no app image, so that nothing could boot from there',
        'Give the .bin of the app; to empty a slot: otakit flash erase.',
      );
  }
}

/** Data must not lie where the ROM of this chip looks for the bootloader. */
export function bootloaderOverwritten(part: PlannedPart, { chip }: DeviceInfo) {
  const { kind, placedBy, flashOffset, data } = part;
  const { bootloaderFlashOffset: place, title } = chipByName(chip);
  const covers = flashOffset <= place && place < flashOffset + data.length;
  if (kind !== 'data' || placedBy === 'file' || !covers) return [];
  return wrongPlace(
    part,
    `is no bootloader, but an ${title} looks for one at ${formatHex(place)}: it would not boot`,
    'Check the offset. To empty the flash: otakit flash erase --all.',
  );
}

function wrongPlace(part: PlannedPart, why: string, hint: string): readonly FlashIssue[] {
  const { fileName, name, entry, flashOffset } = part;
  const where = entry === null ? formatHex(flashOffset) : `${name} (${formatHex(flashOffset)})`;
  return [
    {
      code: 'flash/wrong-place',
      severity: 'error',
      message: `${fileName} cannot go to ${where}: it ${why}`,
      hint,
    },
  ];
}
