import { chipByName, type ChipName } from '../chips/index.ts';
import type { PartitionTable } from '../partition-table/index.ts';
import { type ByteSource, hasErrors } from '../shared/index.ts';
import { type Audience, checkDescriptor } from './check-descriptor.ts';
import { checkDevice, type DeviceFacts } from './check-device.ts';
import { checkLayout } from './check-layout.ts';
import { checkSignature, type SignatureRequirements } from './check-signature.ts';
import { checkFit, checkTableForUpdates, fitIntoSlots, type SlotFit } from './check-slots.ts';
import type { AppImageIssue } from './codes.ts';
import { describeNotAppImage } from './describe.ts';
import type { ImageInspection } from './image.ts';
import { inspectImage } from './inspect-image.ts';

/** What an image is checked against. */
export interface CheckOptions extends SignatureRequirements {
  /** The partition table of the devices; without it nothing is said about slots. */
  readonly table?: PartitionTable;
  /** The chip of the devices; without it the image may be for any. */
  readonly chip?: ChipName;
  readonly audience: Audience;
  /** What is known of the very device; by default nothing. */
  readonly device?: DeviceFacts;
  /** The version of the image served before, to warn when it is the same. */
  readonly previousVersion?: string;
  /** As the user gave it, for the commands in hints. */
  readonly fileName?: string;
}

/** Whether devices could take an image, and why not. */
export interface AppImageCheck {
  readonly inspection: ImageInspection;
  /** Everything that was found, in the order image, descriptor, table, fit. */
  readonly issues: readonly AppImageIssue[];
  /** No issue is an error. */
  readonly acceptable: boolean;
  /** The smallest OTA slot and how the image lies in it; `null` without a table or an OTA slot. */
  readonly fits: SlotFit | null;
  /** The same for every OTA slot. */
  readonly slots: readonly SlotFit[];
}

/** Checks whether a device could take the image over the air. Never throws: all reasons are `issues`. */
export async function checkAppImage(
  source: ByteSource,
  options: CheckOptions,
): Promise<AppImageCheck> {
  const { table, chip, audience, previousVersion, fileName } = options;
  const inspection = await inspectImage(source);
  const issues: AppImageIssue[] = [];
  if (inspection.kind === 'app-image') {
    issues.push(...inspection.issues, ...checkChip(inspection.chip, chip));
    issues.push(
      ...checkLayout(inspection),
      ...checkDescriptor(inspection, audience, previousVersion),
      ...checkDevice(inspection, options.device ?? {}),
      ...(await checkSignature(source, inspection, options)),
    );
  } else {
    issues.push(describeNotAppImage(inspection, fileName));
  }

  let slots: readonly SlotFit[] = [];
  let fits: SlotFit | null = null;
  if (table !== undefined) {
    issues.push(...checkTableForUpdates(table));
    slots = fitIntoSlots(table, source.sizeBytes);
    fits = slots.reduce<SlotFit | null>(
      (smallest, fit) =>
        smallest === null || fit.slotSizeBytes < smallest.slotSizeBytes ? fit : smallest,
      null,
    );
    if (fits !== null && inspection.kind === 'app-image') issues.push(...checkFit(fits));
  }
  return { inspection, issues, acceptable: !hasErrors(issues), fits, slots };
}

function checkChip(built: ChipName | null, wanted: ChipName | undefined): AppImageIssue[] {
  if (built === null || wanted === undefined || built === wanted) return [];
  const title = chipByName(built).title;
  return [
    {
      code: 'app-image/chip-mismatch',
      severity: 'error',
      message: `the image is for the ${title}, the device is an ${chipByName(wanted).title}`,
      hint: `Build it for the ${chipByName(wanted).title} (idf.py set-target ${wanted}).`,
      location: { kind: 'binary', fileOffset: 12 },
    },
  ];
}
