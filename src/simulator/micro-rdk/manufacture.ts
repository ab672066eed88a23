import type { Chip, ChipName } from '../../chips/index.ts';
import {
  appSlots,
  type PartitionTable,
  serializePartitionBinary,
} from '../../partition-table/index.ts';
import { formatCount } from '../../shared/index.ts';
import { SimulatorError } from '../codes.ts';
import { TABLE_FLASH_OFFSET } from '../boot/bootloader.ts';
import type { ChipUnderTest } from '../boot/verify-image.ts';
import type { VirtualFlash } from './virtual-flash.ts';

/** Revisions of the chips as they are sold; others take images for any revision. */
const REVISIONS: Partial<Record<ChipName, number>> = {
  esp32: 301,
  esp32c3: 4,
  esp32c6: 2,
  esp32s3: 2,
};

/** A chip of today's production. */
export function chipAsSold(chip: Chip): ChipUnderTest {
  return { chip, revision: REVISIONS[chip.name] ?? null };
}

/**
 * What the factory does with a blank board: the table at 0x8000, the first firmware in the first app
 * slot. otadata and NVS stay blank.
 *
 * @throws SimulatorError `simulator/no-app-slot`, `simulator/image-too-large`
 */
export async function manufacture(
  flash: VirtualFlash,
  table: PartitionTable,
  image: Uint8Array,
): Promise<void> {
  const [slot] = appSlots(table);
  if (slot === undefined) {
    throw new SimulatorError('simulator/no-app-slot', 'the partition table has no app slot', {
      hint: 'Use a table with ota_0 and ota_1, such as partitions/micro-rdk-8mb.csv.',
    });
  }
  if (image.length > slot.sizeBytes) {
    throw new SimulatorError(
      'simulator/image-too-large',
      `the first firmware has ${formatCount(image.length)} bytes, but ${slot.name} only ${formatCount(slot.sizeBytes)}`,
      {
        hint: 'Give the app image and not the merged one, or a table with larger slots.',
        details: { imageBytes: image.length, slotBytes: slot.sizeBytes },
      },
    );
  }
  await flash.program(TABLE_FLASH_OFFSET, serializePartitionBinary(table));
  await flash.program(slot.flashOffset, image);
}
