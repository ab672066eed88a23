import { formatRevision } from '../../app-image/index.ts';
import { chipByName } from '../../chips/index.ts';
import type { CheckedPlan, FlashDevice, PartReport } from '../../flash/index.ts';
import { slotName } from '../../flash-data/index.ts';
import { formatDuration, formatSize, OtakitError } from '../../shared/index.ts';
import { planData } from './plan-text.ts';

/** What became of one board. */
export type BoardResult = {
  readonly target: string;
  /** `null` where the board did not say. */
  readonly mac: string | null;
  readonly durationMs: number;
} & (
  | { readonly ok: true; readonly done: BoardDone }
  | { readonly ok: false; readonly error: unknown }
);

export interface BoardDone {
  readonly chip: FlashDevice['info']['chip'];
  readonly revision: number;
  readonly mac: string;
  readonly baudRate: number | null;
  readonly checked: CheckedPlan;
  readonly parts: readonly PartReport[];
  /** Which row of `--nvs-rows` the board has. */
  readonly nvsRow: string | null;
}

const BITS_PER_BYTE_ON_THE_LINE = 10;

/** What was done, for people. */
export function doneText(
  { chip, revision, mac, baudRate, checked, parts, nvsRow }: BoardDone,
  tookMs: number,
) {
  const sum = (pick: (part: PartReport) => number) =>
    parts.reduce((total, part) => total + pick(part), 0);
  const written = sum(({ writtenBytes }) => writtenBytes);
  const sent = sum(({ sentBytes }) => sentBytes);
  const total = sum(({ sizeBytes }) => sizeBytes);
  const lineMs = baudRate === null ? null : (sent * BITS_PER_BYTE_ON_THE_LINE * 1000) / baudRate;
  const line =
    lineMs === null ? '' : `; the line alone needs ${formatDuration(lineMs)} at ${baudRate} baud`;
  const work =
    parts.length === 0
      ? 'there was nothing to write'
      : written === 0
        ? `the flash held all ${formatSize(total)} already`
        : `wrote ${formatSize(written)} of ${formatSize(total)} (sent ${formatSize(sent)}${line})`;
  const verified = parts.every((part) => part.verified) ? ', verified' : ', not verified';
  const checkedWord = parts.length === 0 ? '' : verified;
  const { boots } = checked.plan;
  const boot = boots === null ? '' : `; boots ${slotName(boots)}`;
  const row = nvsRow === null ? '' : `; NVS has the row ${nvsRow}`;
  const otadata = checked.bootFix === null ? '' : ' (otadata was changed)';
  return `${chipByName(chip).title} ${formatRevision(revision)} ${mac}: ${work} in ${formatDuration(tookMs)}${checkedWord}${boot}${otadata}${row}`;
}

/** What became of a board, for `--json`. */
export function boardData(result: BoardResult) {
  const { target, durationMs, ok } = result;
  if (!result.ok) {
    const { error } = result;
    const { code, message, hint } =
      error instanceof OtakitError ? error : { code: 'cli/bug', message: String(error), hint: '' };
    return { target, durationMs, ok, mac: result.mac, error: { code, message, hint } };
  }
  const { chip, revision, mac, baudRate, checked, parts, nvsRow } = result.done;
  return {
    target,
    durationMs,
    ok,
    chip,
    revision,
    mac,
    baudRate,
    plan: planData(checked.plan),
    otadataChanged: checked.bootFix !== null,
    issues: checked.issues,
    ...(nvsRow === null ? {} : { nvsRow }),
    parts,
  };
}
