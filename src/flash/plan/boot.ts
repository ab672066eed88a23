import {
  chooseBootSlot,
  eraseOtadata,
  OTADATA_SIZE_BYTES,
  parseOtadata,
  slotName,
  switchOtadata,
} from '../../flash-data/index.ts';
import { findOtadata } from '../../partition-table/index.ts';
import type { Issue } from '../../shared/index.ts';
import type { FlashCode } from '../codes.ts';
import type { FlashDevice } from '../device.ts';
import type { FlashPart } from '../write.ts';
import { type FlashPlan, isOtadataEntry } from './plan.ts';

/** How the board is made to boot what is written. */
export interface BootFix {
  /** What otadata becomes; `null` where it is right as it is (or nothing can be done about it). */
  readonly part: FlashPart | null;
  readonly issues: readonly Issue<FlashCode>[];
}

/**
 * Works out what must become of otadata for the new app to boot. Writing an app to a slot does not
 * make it boot: that is otadata's choice, and it may name another slot.
 */
export async function fixBoot(plan: FlashPlan, device: FlashDevice): Promise<BootFix> {
  const { table, boots, parts, kept, eraseAll } = plan;
  if (table === null || boots === null) return { part: null, issues: [] };
  const entry = findOtadata(table);
  const own = parts.find((part) => part.entry !== null && isOtadataEntry(part.entry));
  const current =
    entry === null
      ? null
      : own !== undefined
        ? own.data.subarray(0, OTADATA_SIZE_BYTES)
        : eraseAll && !kept.includes(entry)
          ? eraseOtadata()
          : await device.read(entry.flashOffset, OTADATA_SIZE_BYTES);
  const choice = chooseBootSlot(current === null ? null : parseOtadata(current), table);
  if (choice.boots === boots) return { part: null, issues: [] };
  const would = choice.boots === null ? 'nothing' : slotName(choice.boots);
  const isFixed = entry !== null && own === undefined && !kept.includes(entry);
  if (!isFixed || current === null) {
    const why =
      entry === null
        ? 'the table has no otadata'
        : own === undefined
          ? 'otadata is kept'
          : `so ${own.fileName} says`;
    return {
      part: null,
      issues: [
        {
          code: 'flash/would-not-boot',
          severity: entry === null ? 'error' : 'warning',
          message: `${slotName(boots)} is written, but ${would} would boot: ${why}`,
          hint: `Write the app to ${would}, or let otadata be changed.`,
        },
      ],
    };
  }
  const data = switchOtadata(current, table, slotName(boots));
  return { part: { name: entry.name, flashOffset: entry.flashOffset, data }, issues: [] };
}
