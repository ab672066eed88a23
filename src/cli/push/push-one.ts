import {
  type DeviceStep,
  type DeviceVerdict,
  redactText,
  type SettingsFor,
} from '../../machine-config/index.ts';
import {
  formatCount,
  formatDuration,
  formatHex,
  formatSize,
  type OtakitError,
  systemClock,
} from '../../shared/index.ts';
import { applyChange, type Change, type ChangeOptions } from '../config/apply-change.ts';
import type { OpenTarget } from '../config/open-target.ts';
import type { CliContext } from '../context.ts';
import type { DownloadedVerdict, DownloadWatch } from '../follow/downloads.ts';
import type { Evidence } from '../follow/evidence.ts';
import { asOtakitError } from '../render-error.ts';

/** How following a device ended, by its log or, where that cannot be read, by its download. */
export type PushVerdict = DeviceVerdict | DownloadedVerdict;

/** What became of one machine config, and of its device. */
export interface PushResult {
  readonly open: OpenTarget;
  /** `null` where it failed before there was one. */
  readonly change: Change | null;
  readonly verdict: PushVerdict | null;
  readonly error: OtakitError | null;
}

/** How one push is made. */
export interface PushOneOptions extends ChangeOptions {
  /** The log to follow the device by, where there is one. */
  readonly evidence: Evidence | null;
  /** The downloads to follow it by, where a server of ours tells of them. */
  readonly downloads: DownloadWatch | null;
  readonly silenceMs: number;
  readonly report: (line: string) => void;
}

/** Writes one config and follows its device. Never throws, so that the others go on. */
export async function pushOne(
  open: OpenTarget,
  settingsFor: SettingsFor,
  { evidence, downloads, silenceMs, report, ...options }: PushOneOptions,
  context: CliContext,
): Promise<PushResult> {
  const { signal } = context;
  let change: Change | null = null;
  try {
    const marked = evidence === null ? null : await evidence.mark(signal);
    change = await applyChange(open.target, settingsFor, options, context);
    const tag = change.edit?.after.version;
    const isFollowed = marked !== null || downloads !== null;
    if (!isFollowed || !change.written || typeof tag !== 'string') {
      return { open, change, verdict: null, error: null };
    }
    report(`pushed "${tag}", waiting for the device`);
    const url = change.edit?.after.url;
    const limits = { clock: systemClock, silenceMs, signal };
    const verdict =
      (await marked?.follow(tag, {
        ...limits,
        ...(typeof url === 'string' && { url }),
        onStep: stepReporter(report, () => downloads !== null && downloads.heardMs !== null),
        heardMs: () => downloads?.heardMs ?? null,
      })) ??
      (await downloads?.untilComplete(limits)) ??
      null;
    return { open, change, verdict, error: null };
  } catch (thrown) {
    signal.throwIfAborted();
    return { open, change, verdict: null, error: asOtakitError(thrown) };
  }
}

/** What the server shows as well, and sooner. */
const OF_DOWNLOADS: ReadonlySet<string> = new Set(['downloading', 'progress', 'downloaded']);
/** A download is reported at every tenth. */
const PROGRESS_STEPS = 10;

function stepReporter(
  report: (line: string) => void,
  isSeenElsewhere: () => boolean,
): (step: DeviceStep) => void {
  let lastTenth = 0;
  return (step) => {
    if (OF_DOWNLOADS.has(step.kind) && isSeenElsewhere()) return;
    if (step.kind !== 'progress') {
      lastTenth = 0;
      report(describeStep(step));
      return;
    }
    const tenth = Math.floor((step.doneBytes / step.totalBytes) * PROGRESS_STEPS);
    if (tenth <= lastTenth) return;
    lastTenth = tenth;
    report(`${tenth * PROGRESS_STEPS} % of ${formatSize(step.totalBytes)}`);
  };
}

function describeStep(step: Exclude<DeviceStep, { kind: 'progress' }>): string {
  switch (step.kind) {
    case 'connecting':
      return `connecting (attempt ${step.attempt})`;
    case 'downloading':
      return 'downloading';
    case 'downloaded':
      return `downloaded ${formatSize(step.sizeBytes)}`;
    case 'stored':
      return `stored as "${step.tag}"`;
    case 'rebooting':
      return 'rebooting';
    case 'failed':
      return `failed: ${redactText(step.message)}`;
    case 'booted': {
      const slot = step.flashOffset === null ? '' : ` from ${formatHex(step.flashOffset)}`;
      return `booted${slot} with "${step.tag}"`;
    }
  }
}

/** A verdict for people, in one line. */
export function describeVerdict(verdict: PushVerdict): string {
  switch (verdict.outcome) {
    case 'downloaded': {
      const { device, sizeBytes } = verdict;
      return `downloaded: ${device} has all ${formatCount(sizeBytes)} bytes; no log shows whether it runs them`;
    }
    case 'updated': {
      const { flashOffset } = verdict;
      const slot = flashOffset === null ? '' : `, in the slot at ${formatHex(flashOffset)}`;
      return `updated: the device booted with the new tag${slot}`;
    }
    case 'refused':
      return `refused by the device: ${redactText(verdict.message)}`;
    case 'fell-back': {
      const { expectedOffset, actualOffset } = verdict;
      return (
        `fell back: the device has the new tag, but runs the old slot at ${formatHex(actualOffset)} ` +
        `instead of ${formatHex(expectedOffset)}, and will not try this tag again`
      );
    }
    case 'silent':
      return `silent: nothing was heard of the device for ${formatDuration(verdict.forMs)}`;
  }
}
