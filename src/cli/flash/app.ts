import { type FlashDevice, planFlash, readBoardContents } from '../../flash/index.ts';
import { type BootChoice, slotName } from '../../flash-data/index.ts';
import { otaSlots, type PartitionEntry } from '../../partition-table/index.ts';
import { CliError } from '../codes.ts';
import { readInputFile } from '../files.ts';
import { optionalSize } from '../partitions/options.ts';
import type { Cli } from '../nouns.ts';
import { flashBoards } from './flash-boards.ts';
import type { PlanFor } from './flash-one.ts';
import { plannerOptions, show, tableOnBoard, type WritingOptions } from './planning.ts';

export interface AppOptions extends Omit<WritingOptions, 'partitions' | 'eraseAll'> {
  readonly slot: string;
}

/** `otakit flash app IMAGE --slot next` */
export async function app(fileName: string, options: AppOptions, cli: Cli): Promise<void> {
  const bytes = await readInputFile(fileName);
  const planFor: PlanFor = async (device) => {
    const table = await tableOnBoard(device, options);
    const at = options.slot === 'next' ? await nextSlot(device, options) : options.slot;
    const plan = await planFlash([{ fileName, bytes, at }], { table, ...plannerOptions(options) });
    show(plan, options, cli);
    return plan;
  };
  await flashBoards(options, cli, { planFor });
}

/** The slot that an update over the air would take: the OTA slot after the one that boots. */
async function nextSlot(device: FlashDevice, { tableOffset }: AppOptions): Promise<string> {
  const contents = await readBoardContents(device, optionalSize('--table-offset', tableOffset));
  const slots = contents.table.kind === 'table' ? otaSlots(contents.table.table) : [];
  const boots = contents.choice?.boots ?? null;
  const next = slotAfter(slots, boots);
  if (next !== null) return slotName(next);
  throw new CliError('cli/usage', 'the board has no OTA slot beside the one that boots', {
    hint: 'Name the slot: --slot ota_0; or flash a partition table with two of them.',
  });
}

function slotAfter(
  slots: readonly PartitionEntry[],
  boots: BootChoice['boots'],
): PartitionEntry | null {
  const at = slots.findIndex(({ flashOffset }) => flashOffset === boots?.flashOffset);
  const next = slots[(at + 1) % Math.max(1, slots.length)];
  return next === undefined || next.flashOffset === boots?.flashOffset ? null : next;
}
