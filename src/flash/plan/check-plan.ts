import { chipByName, type ChipName } from '../../chips/index.ts';
import {
  endOf,
  type PartitionTable,
  usedFlashBytes,
  validatePartitionTable,
} from '../../partition-table/index.ts';
import { formatCount, formatHex, formatSize, type Issue, parseSize } from '../../shared/index.ts';
import type { FlashCode } from '../codes.ts';
import { SECTOR_BYTES } from '../device-limits.ts';
import type { FlashPlan, PlannedPart } from './plan.ts';
import { placeIssues } from './check-place.ts';
import type { Piece } from './pieces.ts';

type FlashIssue = Issue<FlashCode>;

/** Wrong over the air, where a device hashes all it gets; on flash nobody reads behind an image. */
const HARMLESS = new Set<string>(['app-image/trailing-bytes']);

/** Everything that speaks against a plan and can be known without the board. */
export function checkPlan(
  plan: Omit<FlashPlan, 'issues'>,
  pieces: readonly Piece[],
): readonly Issue[] {
  const { parts, table, chip, writesTable } = plan;
  return [
    ...pieces.flatMap(({ image, fileName }) =>
      (image?.issues ?? [])
        .filter(({ severity, code }) => severity === 'error' && !HARMLESS.has(code))
        .map((issue) => ({ ...issue, message: `${fileName}: ${issue.message}` })),
    ),
    ...chipIssues(pieces, chip),
    ...parts.flatMap(alignmentIssues),
    ...overlapIssues(parts),
    ...parts.flatMap((part) => slotIssues(part, table)),
    ...parts.flatMap(placeIssues),
    // A table that is on boards already is not this plan's to judge.
    ...(table !== null && writesTable ? tableIssues(table, chip) : []),
    ...(table === null ? [] : headerIssues(table, chip, parts)),
  ];
}

function chipIssues(pieces: readonly Piece[], chip: ChipName | null): readonly FlashIssue[] {
  return pieces.flatMap(({ image, chip: said, fileName }) => {
    const found = image?.chip ?? said;
    if (found === null || chip === null || found === chip) return [];
    return [
      {
        code: 'flash/chip-mismatch',
        severity: 'error',
        message: `${fileName} is for the ${chipByName(found).title}, another file for the ${chipByName(chip).title}`,
        hint: 'Give files of one build.',
      },
    ];
  });
}

function alignmentIssues({ fileName, flashOffset }: PlannedPart): readonly FlashIssue[] {
  if (flashOffset % SECTOR_BYTES === 0) return [];
  return [
    {
      code: 'flash/outside-flash',
      severity: 'error',
      message: `${fileName} is to begin at ${formatHex(flashOffset)}, in the middle of a sector`,
      hint: 'Flash is written in sectors: begin at a multiple of 0x1000.',
    },
  ];
}

function overlapIssues(parts: readonly PlannedPart[]): readonly FlashIssue[] {
  const sorted = parts.toSorted((a, b) => a.flashOffset - b.flashOffset);
  return sorted.slice(1).flatMap((part, index) => {
    const before = sorted[index];
    if (before === undefined || before.flashOffset + before.data.length <= part.flashOffset) {
      return [];
    }
    return [
      {
        code: 'flash/overlap',
        severity: 'error',
        message: `${before.fileName} at ${formatHex(before.flashOffset)} (${formatCount(before.contentBytes)} bytes) reaches into ${part.fileName} at ${formatHex(part.flashOffset)}`,
        hint: 'Check the offsets: two files cannot have the same place.',
      },
    ];
  });
}

/** An app must begin where a slot does, and end within it. */
function slotIssues(part: PlannedPart, table: PartitionTable | null): readonly FlashIssue[] {
  const { kind, entry, flashOffset, fileName, contentBytes } = part;
  if (table === null) return [];
  if (kind === 'app-image' && (entry?.type !== 0 || entry.flashOffset !== flashOffset)) {
    return [
      {
        code: 'flash/not-a-slot',
        severity: 'error',
        message: `${fileName} is an app, but at ${formatHex(flashOffset)} the partition table has no app slot`,
        hint: 'Name the slot: ota_0=app.bin. `otakit partitions show` lists them.',
      },
    ];
  }
  if (entry !== null && flashOffset + contentBytes > endOf(entry)) {
    const room = endOf(entry) - flashOffset;
    return [
      {
        code: 'flash/does-not-fit',
        severity: 'error',
        message: `${fileName} has ${formatCount(contentBytes)} bytes, ${formatCount(contentBytes - room)} more than ${part.name} has room for (${formatCount(room)})`,
        hint: 'Make it smaller, or the partition larger.',
      },
    ];
  }
  return [];
}

function tableIssues(table: PartitionTable, chip: ChipName | null): readonly Issue[] {
  return validatePartitionTable(table, chip === null ? {} : { chip })
    .filter(({ severity }) => severity === 'error')
    .map((issue) => ({ ...issue, message: `partition table: ${issue.message}` }));
}

function headerIssues(
  table: PartitionTable,
  chip: ChipName | null,
  parts: readonly PlannedPart[],
): readonly FlashIssue[] {
  const used = usedFlashBytes(table);
  return parts.flatMap(({ kind, image, fileName }): readonly FlashIssue[] => {
    const said = kind === 'bootloader' && image !== null ? headerFlashSize(image, chip) : null;
    if (said === null || used <= said) return [];
    return [
      {
        code: 'flash/header-flash-size',
        severity: 'error',
        message: `${fileName} is built for ${formatSize(said)} of flash, but the partition table needs ${formatSize(used)}: it would not boot`,
        hint: 'Build it for the real flash size (CONFIG_ESPTOOLPY_FLASHSIZE), or change it: `otakit image patch-header`.',
      },
    ];
  });
}

function headerFlashSize(
  { header }: NonNullable<PlannedPart['image']>,
  chip: ChipName | null,
): number | null {
  if (chip === null) return null;
  const label = chipByName(chip).flashSizes.find(([nibble]) => nibble === header.flashSize)?.[1];
  return label === undefined ? null : parseSize(label);
}
