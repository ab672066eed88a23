import {
  applyRecordWrites,
  type BootChoice,
  type BootPartition,
  type BootTable,
  chooseBootSlot,
  type Otadata,
  OTADATA_SIZE_BYTES,
  parseOtadata,
  slotName,
} from '../../flash-data/index.ts';
import { parsePartitionBinary } from '../../partition-table/index.ts';
import { OtakitError } from '../../shared/index.ts';
import type { BootFlash } from './boot-flash.ts';
import { loadFault } from './bootloader-memory.ts';
import type { LoggerFor } from './logger.ts';
import { type ChipUnderTest, type ImageVerdict, verifyImage } from './verify-image.ts';

/** Where the table lies; hardly any project moves it. */
export const TABLE_FLASH_OFFSET = 0x8000;
/** How much of that sector is table. */
export const TABLE_BYTES = 0xc00;

/** How a boot ended: an app runs, or the chip resets for ever. */
export type BootOutcome =
  | { readonly kind: 'running'; readonly slot: BootPartition; readonly table: BootTable }
  | { readonly kind: 'stuck'; readonly reason: string };

/**
 * Boots the chip as ESP-IDF's second-stage bootloader does: reads the table and otadata from flash,
 * verifies the chosen slot's image, and goes on to the other slots where it is bad.
 */
export async function boot(
  flash: BootFlash,
  chip: ChipUnderTest,
  loggerFor: LoggerFor,
): Promise<BootOutcome> {
  const log = loggerFor('boot');
  let table: BootTable;
  try {
    table = readTable(flash);
  } catch (error) {
    if (!(error instanceof OtakitError)) throw error;
    loggerFor('flash_parts').error(error.message);
    log.error('Failed to verify partition table');
    return stuck(log, 'load partition table error!');
  }
  const otadata = readOtadata(flash, table);
  const choice = chooseBootSlot(otadata, table);
  if (choice.reason === 'factory-by-default') log.info('Defaulting to factory image');
  if (choice.reason === 'first-ota-by-default') log.info('No factory image, trying OTA 0');
  for (const slot of choice.attempts) {
    const verdict = await verifyImage(flash, slot, chip);
    logVerdict(verdict, loggerFor);
    const fault = verdict.kind === 'good' ? loadFault(chip.chip.name, verdict.segments) : null;
    if (fault !== null) loggerFor('esp_image').error(fault);
    if (verdict.kind === 'bad' || fault !== null) {
      log.error(`${slotTitle(slot)} is not bootable`);
      continue;
    }
    log.info(`Loaded app from partition at offset 0x${slot.flashOffset.toString(16)}`);
    if (slot === choice.boots) await noteBoot(flash, otadata, table, choice, log);
    if (!verdict.hasMappedCode) {
      return stuck(log, 'abort() was called: the image has no code in mapped flash');
    }
    return { kind: 'running', slot, table };
  }
  return stuck(log, 'No bootable app partitions in the partition table');
}

/** Logs what `esp_image_verify` found, as it does itself, at boot and at the end of an update. */
export function logVerdict(verdict: ImageVerdict, loggerFor: LoggerFor): void {
  if (verdict.kind === 'bad') {
    loggerFor(verdict.target).error(verdict.message);
    return;
  }
  const log = loggerFor('esp_image');
  for (const { index, flashOffset, loadAddress, lengthBytes, placement } of verdict.segments) {
    const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
    log.info(
      `segment ${index}: paddr=${hex(flashOffset, 8)} vaddr=${hex(loadAddress, 8)} size=${hex(lengthBytes, 5)}h (${String(lengthBytes).padStart(6)}) ${placement}`.trimEnd(),
    );
  }
}

/** The otadata partition of a table; `null` where there is none of the right size. */
export function readOtadata(flash: BootFlash, table: BootTable): Otadata | null {
  const partition = otadataPartition(table);
  if (partition === null) return null;
  return parseOtadata(flash.read(partition.flashOffset, OTADATA_SIZE_BYTES).slice());
}

export function otadataPartition(table: BootTable): BootPartition | null {
  const found = table.entries.find(({ type, subtype }) => type === 1 && subtype === 0);
  return found !== undefined && found.sizeBytes >= OTADATA_SIZE_BYTES ? found : null;
}

/**
 * The partition table in flash.
 *
 * @throws PartitionTableError
 */
export function readTable(flash: BootFlash): BootTable {
  return parsePartitionBinary(flash.read(TABLE_FLASH_OFFSET, TABLE_BYTES));
}

/** Without a factory app the bootloader writes down which slot it took. */
async function noteBoot(
  flash: BootFlash,
  otadata: Otadata | null,
  table: BootTable,
  choice: BootChoice,
  log: ReturnType<LoggerFor>,
): Promise<void> {
  const partition = otadataPartition(table);
  if (otadata === null || partition === null || choice.writes.length === 0) return;
  const bytes = applyRecordWrites(otadata, choice.writes);
  await flash.erase(partition.flashOffset, OTADATA_SIZE_BYTES);
  await flash.program(partition.flashOffset, bytes);
  for (const { record, sequence } of choice.writes) {
    log.info(`Set actual ota_seq=${sequence} in otadata[${record}]`);
  }
}

function slotTitle(slot: BootPartition): string {
  const name = slotName(slot);
  if (name === 'factory') return 'Factory app partition';
  if (name === 'test') return 'Test app partition';
  return `OTA app partition slot ${slot.subtype & 0x0f}`;
}

function stuck(log: ReturnType<LoggerFor>, reason: string): BootOutcome {
  log.error(reason);
  return { kind: 'stuck', reason };
}
