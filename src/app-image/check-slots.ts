import {
  appSlots,
  findOtadata,
  otaSlots,
  type PartitionEntry,
  type PartitionTable,
} from '../partition-table/index.ts';
import { formatCount } from '../shared/index.ts';
import type { AppImageIssue } from './codes.ts';

/** How full an image makes a slot. */
export interface SlotFit {
  readonly slot: PartitionEntry;
  readonly slotSizeBytes: number;
  readonly imageSizeBytes: number;
  /** 0.93 for 93 %; above 1 where the image does not fit. */
  readonly usedRatio: number;
  readonly fits: boolean;
}

const NEARLY_FULL = 0.9;

/** How an image of that size would lie in each OTA slot, in the order of their numbers. */
export function fitIntoSlots(table: PartitionTable, imageSizeBytes: number): readonly SlotFit[] {
  return otaSlots(table).map((slot) => ({
    slot,
    slotSizeBytes: slot.sizeBytes,
    imageSizeBytes,
    usedRatio: imageSizeBytes / slot.sizeBytes,
    fits: imageSizeBytes <= slot.sizeBytes,
  }));
}

/** Checks that a table lets a device update at all. */
export function checkTableForUpdates(table: PartitionTable): AppImageIssue[] {
  const issues: AppImageIssue[] = [];
  if (findOtadata(table) === null) {
    issues.push({
      code: 'app-image/no-otadata',
      severity: 'error',
      message: 'the partition table has no otadata partition (type data, subtype ota)',
      hint: 'Add a row such as: otadata, data, ota, , 0x2000',
    });
  }
  const slots = appSlots(table);
  const ota = otaSlots(table);
  if (slots.length < 2 || ota.length === 0) {
    issues.push({
      code: 'app-image/too-few-slots',
      severity: 'error',
      message: `the partition table has ${count(slots.length, 'app slot')}, of which ${ota.length} for OTA; an update needs a slot beside the one that runs`,
      hint: 'Add a second app slot: `otakit partitions init` writes a table with two.',
    });
  }
  const sizes = new Set(ota.map((slot) => slot.sizeBytes));
  if (sizes.size > 1) {
    const list = ota.map((slot) => `${slot.name} ${formatCount(slot.sizeBytes)}`).join(', ');
    issues.push({
      code: 'app-image/unequal-slots',
      severity: 'warning',
      message: `the OTA slots differ in size (${list} bytes): the smallest one limits every image`,
      hint: 'Give all ota_N the same size.',
    });
  }
  return issues;
}

/** Checks an image against the smallest OTA slot, since any of them may be next. */
export function checkFit(fit: SlotFit): AppImageIssue[] {
  const { slot, slotSizeBytes, imageSizeBytes, usedRatio, fits } = fit;
  const numbers = `the image has ${formatCount(imageSizeBytes)} bytes and the smallest OTA slot, ${slot.name}, ${formatCount(slotSizeBytes)}`;
  const percent = `${(usedRatio * 100).toFixed(1)} %`;
  if (!fits) {
    const over = formatCount(imageSizeBytes - slotSizeBytes);
    return [
      {
        code: 'app-image/too-large',
        severity: 'error',
        message: `${numbers}: ${percent} of it, ${over} bytes too many`,
        hint: 'Make the image smaller (optimise for size, drop features), or the slots larger; larger slots need a flash by cable.',
      },
    ];
  }
  if (usedRatio > NEARLY_FULL) {
    return [
      {
        code: 'app-image/slot-nearly-full',
        severity: 'warning',
        message: `${numbers}: ${percent} of it is used`,
        hint: 'Plan for larger slots: a table can only be changed by cable.',
      },
    ];
  }
  return [];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
