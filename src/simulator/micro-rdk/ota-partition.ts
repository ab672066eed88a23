import {
  type BootPartition,
  bootSlots,
  type BootTable,
  eraseOtadata,
  OtadataError,
  OTADATA_SIZE_BYTES,
  switchOtadata,
  slotName,
} from '../../flash-data/index.ts';
import { logVerdict, otadataPartition, readOtadata } from '../boot/bootloader.ts';
import { EspFailure } from './failure.ts';
import type { LoggerFor } from '../boot/logger.ts';
import { type ChipUnderTest, verifyImage } from '../boot/verify-image.ts';
import type { VirtualFlash } from './virtual-flash.ts';

const IMAGE_MAGIC = 0xe9;

/** The chip as the running app sees it. */
export interface RunningChip {
  readonly flash: VirtualFlash;
  readonly chip: ChipUnderTest;
  readonly table: BootTable;
  /** The slot that the bootloader started. */
  readonly running: BootPartition;
  readonly loggerFor: LoggerFor;
}

/**
 * The slot that an update goes to (`esp_ota_get_next_update_partition`): the OTA slot after the
 * running one, going round; the first one where the factory app runs; `null` without OTA slots.
 */
export function nextUpdateSlot({
  table,
  running,
}: Pick<RunningChip, 'table' | 'running'>): BootPartition | null {
  const slots = bootSlots(table).ota.filter((slot) => slot !== null);
  const current = slots.findIndex(({ subtype }) => subtype === running.subtype);
  return slots[(current + 1) % Math.max(1, slots.length)] ?? null;
}

/** Writes an image to a slot and makes it the one that boots, as ESP-IDF's `esp_ota_*` calls do. */
export class OtaWriter {
  readonly #device: RunningChip;
  readonly #slot: BootPartition;
  #writtenBytes = 0;

  /** @throws EspFailure where the slot is the running one */
  constructor(device: RunningChip, slot: BootPartition) {
    if (slot.flashOffset === device.running.flashOffset) {
      throw new EspFailure('ESP_ERR_OTA_PARTITION_CONFLICT');
    }
    this.#device = device;
    this.#slot = slot;
  }

  /** Erases the whole slot: the size of the image is not told to ESP-IDF. */
  async erase(): Promise<void> {
    await this.#device.flash.erase(this.#slot.flashOffset, this.#slot.sizeBytes);
  }

  /** @throws EspFailure where the first byte is not that of an image */
  async write(data: Uint8Array): Promise<void> {
    if (this.#writtenBytes === 0 && data.length > 0 && data[0] !== IMAGE_MAGIC) {
      const saw = (data[0] ?? 0).toString(16).padStart(2, '0');
      this.#device
        .loggerFor('esp_ota_ops')
        .error(`OTA image has invalid magic byte (expected 0xE9, saw 0x${saw})`);
      throw new EspFailure('ESP_ERR_OTA_VALIDATE_FAILED');
    }
    await this.#device.flash.program(this.#slot.flashOffset + this.#writtenBytes, data);
    this.#writtenBytes += data.length;
  }

  /** Verifies the image, twice as ESP-IDF does, and chooses it in otadata. */
  async complete(): Promise<void> {
    await this.#verify();
    await this.#verify();
    const { flash, table, loggerFor } = this.#device;
    const partition = otadataPartition(table);
    const otadata = readOtadata(flash, table);
    if (partition === null || otadata === null) {
      loggerFor('esp_ota_ops').error('not found ota data');
      throw new EspFailure('ESP_ERR_NOT_FOUND');
    }
    let bytes: Uint8Array = eraseOtadata();
    try {
      bytes = switchOtadata(otadata, table, slotName(this.#slot));
    } catch (error) {
      if (!(error instanceof OtadataError)) throw error;
      throw new EspFailure('ESP_ERR_INVALID_ARG');
    }
    await flash.erase(partition.flashOffset, OTADATA_SIZE_BYTES);
    await flash.program(partition.flashOffset, bytes);
  }

  async #verify(): Promise<void> {
    const { flash, chip, loggerFor } = this.#device;
    const verdict = await verifyImage(flash, this.#slot, chip);
    logVerdict(verdict, loggerFor);
    if (verdict.kind === 'bad') throw new EspFailure('ESP_ERR_OTA_VALIDATE_FAILED');
  }
}
