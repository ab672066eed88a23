import { slotName } from './boot-slots.ts';
import type { BootChoice, BootReason } from './choose-boot-slot.ts';
import type { Otadata } from './parse.ts';

const SENTENCES: Readonly<Record<Exclude<BootReason, 'otadata'>, (slot: string) => string>> = {
  'factory-by-default': () => 'no otadata record is usable, so the factory app boots',
  'first-ota-by-default': () =>
    'no otadata record is usable and there is no factory app, so ota_0 boots',
  'no-otadata': (slot) => `there is no otadata partition, so the bootloader starts with ${slot}`,
  'slot-missing': (slot) =>
    `the selected OTA slot is not in the table, so the bootloader goes on to ${slot}`,
  'only-app': (slot) => `there is no usable record, no factory app and no ota_0; ${slot} is left`,
  'no-app': () => 'the table has no app partition that the bootloader knows',
};

/** One sentence for people: why the bootloader starts this slot. */
export function explainBootChoice(choice: BootChoice, otadata: Otadata | null): string {
  const slot = choice.boots === null ? 'nothing' : slotName(choice.boots);
  if (choice.reason !== 'otadata') return SENTENCES[choice.reason](slot);
  const index = choice.activeRecord ?? 0;
  const sequence = otadata?.records[index].sequence;
  return `record ${index} has the highest usable sequence number (${sequence}) and selects ${slot}`;
}
