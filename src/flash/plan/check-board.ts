import { formatRevision } from '../../app-image/index.ts';
import { chipByName } from '../../chips/index.ts';
import {
  type PartitionEntry,
  type PartitionTable,
  shownName,
  usedFlashBytes,
} from '../../partition-table/index.ts';
import { formatHex, formatSize, type Issue } from '../../shared/index.ts';
import type { BoardTable } from '../board-contents.ts';
import type { FlashCode } from '../codes.ts';
import type { DeviceInfo } from '../device.ts';
import { reachableBytes } from '../device-limits.ts';
import { bootloaderOverwritten } from './check-place.ts';
import type { FlashPlan, PlannedPart } from './plan.ts';

type FlashIssue = Issue<FlashCode>;
type Finding = Omit<FlashIssue, 'severity'>;

/** Everything that speaks against writing a plan to this very board. */
export function checkBoard(
  plan: FlashPlan,
  info: DeviceInfo,
  boardTable: BoardTable,
): readonly FlashIssue[] {
  const errors = [
    ...chipFindings(plan, info),
    ...plan.parts.flatMap((part) => revisionFindings(part, info)),
    ...sizeFindings(plan, info),
    ...securityFindings(plan, info),
    ...tableFindings(plan, boardTable),
    ...plan.parts.flatMap((part) => bootloaderOverwritten(part, info)),
  ];
  return [
    ...errors.map((finding): FlashIssue => ({ ...finding, severity: 'error' })),
    ...replacedTableFindings(plan, boardTable).map((finding): FlashIssue => ({
      ...finding,
      severity: 'warning',
    })),
  ];
}

/** Another table than the board has: what partitions hold does not move with them. */
function replacedTableFindings(
  { table, writesTable, parts }: FlashPlan,
  board: BoardTable,
): readonly Finding[] {
  if (table === null || !writesTable || board.kind === 'none') return [];
  const lost = board.table.entries.filter((old) => {
    if (!holdsData(old)) return false;
    const now = table.entries.find(({ name }) => name === old.name);
    const isWritten = parts.some(({ entry }) => entry !== null && entry === now);
    const stays = now?.flashOffset === old.flashOffset && now.sizeBytes >= old.sizeBytes;
    return !stays && !isWritten;
  });
  if (lost.length === 0) return [];
  const names = lost.map(shownName).join(', ');
  return [
    {
      code: 'flash/table-replaced',
      message: `the board has another partition table, and what it keeps in ${names} does not come along`,
      hint: 'Save it first where it matters: otakit flash backup, or otakit flash read.',
    },
  ];
}

const DATA_TYPE = 1;
/** Otadata is put right anyway; PHY calibration is made anew. */
const NOT_KEPT_SUBTYPES = new Set([0, 1]);

function holdsData({ type, subtype }: PartitionEntry): boolean {
  return type === DATA_TYPE && !NOT_KEPT_SUBTYPES.has(subtype);
}

function chipFindings({ chip }: FlashPlan, info: DeviceInfo): readonly Finding[] {
  if (chip === null || chip === info.chip) return [];
  return [
    {
      code: 'flash/chip-mismatch',
      message: `the files are for the ${chipByName(chip).title}, the board has an ${chipByName(info.chip).title}`,
      hint: 'Choose the other board, or build for this one.',
    },
  ];
}

const NO_LIMIT = new Set([0, 0xffff]);

function revisionFindings(
  { image, fileName }: PlannedPart,
  { revision }: DeviceInfo,
): readonly Finding[] {
  const extended = image?.header.extended ?? null;
  if (extended === null) return [];
  const { minChipRevision: min, maxChipRevision: max } = extended;
  const isBelowMax = NO_LIMIT.has(max) || revision <= max || image?.kind === 'bootloader';
  if (revision >= min && isBelowMax) return [];
  const range = NO_LIMIT.has(max)
    ? `${formatRevision(min)} and up`
    : `${formatRevision(min)} to ${formatRevision(max)}`;
  return [
    {
      code: 'flash/chip-revision',
      message: `${fileName} needs chip revision ${range}, the board has ${formatRevision(revision)}`,
      hint: 'Build it for this revision (CONFIG_ESP32…_REV_MIN), or take a newer board.',
    },
  ];
}

function sizeFindings(
  { parts, table, writesTable }: FlashPlan,
  info: DeviceInfo,
): readonly Finding[] {
  const { flashSizeBytes } = info;
  const size = formatSize(flashSizeBytes);
  const reach = reachableBytes(info, 'stub');
  const tooFar = parts.filter(
    ({ flashOffset, data }) => flashOffset + data.length > flashSizeBytes,
  );
  const findings = tooFar.map(({ fileName, flashOffset, data }): Finding => ({
    code: 'flash/does-not-fit',
    message: `${fileName} would reach to ${formatHex(flashOffset + data.length)}, but the board has ${size} of flash`,
    hint: 'Take a board with more flash, or a smaller partition table.',
  }));
  const outOfReach = parts.filter(
    (part) => !tooFar.includes(part) && part.flashOffset + part.data.length > reach,
  );
  findings.push(
    ...outOfReach.map(({ fileName, flashOffset, data }): Finding => ({
      code: 'flash/does-not-fit',
      message: `${fileName} would reach to ${formatHex(flashOffset + data.length)}, but the loader of the ${chipByName(info.chip).title} can address no more than ${formatSize(reach)}`,
      hint: 'Move what is flashed over USB below that; the application itself may use the rest.',
    })),
  );
  if (table !== null && writesTable && usedFlashBytes(table) > flashSizeBytes) {
    findings.push({
      code: 'flash/does-not-fit',
      message: `the partition table needs ${formatSize(usedFlashBytes(table))}, the board has ${size} of flash: it would not boot`,
      hint: 'Take a board with more flash, or a smaller partition table.',
    });
  }
  return findings;
}

function securityFindings({ parts }: FlashPlan, info: DeviceInfo): readonly Finding[] {
  const findings: Finding[] = [];
  if (info.flashEncryption) {
    findings.push({
      code: 'flash/encrypted-board',
      message: 'flash encryption is on, and plain text would not boot',
      hint: 'Update this board over the air: it encrypts what it receives by itself.',
    });
  }
  const unsigned = parts.filter(({ image }) => image !== null && image.signature === null);
  if (info.secureBoot) {
    findings.push(
      ...unsigned.map(({ fileName }): Finding => ({
        code: 'flash/unsigned',
        message: `secure boot is on, and ${fileName} is not signed: it would not boot`,
        hint: 'Sign it with the key of this board.',
      })),
    );
  }
  return findings;
}

/** A plan that goes by a table from a file must find that table on the board. */
function tableFindings({ table, writesTable }: FlashPlan, board: BoardTable): readonly Finding[] {
  if (table === null || writesTable) return [];
  if (board.kind === 'none') {
    return [
      {
        code: 'flash/table-mismatch',
        message: `the board has no partition table to go by: ${board.problem}`,
        hint: 'Flash bootloader and table too (the merged image, or --flasher-args).',
      },
    ];
  }
  const difference = firstDifference(table, board.table);
  if (difference === null) return [];
  return [
    {
      code: 'flash/table-mismatch',
      message: `the partition table on the board is another one: ${difference}`,
      hint: 'Leave out --partitions to go by the board, or flash the table too.',
    },
  ];
}

function firstDifference(planned: PartitionTable, found: PartitionTable): string | null {
  for (const entry of planned.entries) {
    const other = found.entries.find(({ name }) => name === entry.name);
    const name = shownName(entry);
    if (other === undefined) return `it has no ${name}`;
    if (other.flashOffset !== entry.flashOffset || other.sizeBytes !== entry.sizeBytes) {
      return `${name} is at ${formatHex(other.flashOffset)} (${formatSize(other.sizeBytes)}), not at ${formatHex(entry.flashOffset)} (${formatSize(entry.sizeBytes)})`;
    }
    if (other.type !== entry.type || other.subtype !== entry.subtype) {
      return `${name} has another type`;
    }
  }
  const more = found.entries.find(({ name }) => !planned.entries.some((one) => one.name === name));
  return more === undefined ? null : `it also has ${shownName(more)}`;
}
