import {
  type DeviceStep,
  type DeviceVerdict,
  redactText,
  type SettingsFor,
} from '../../machine-config/index.ts';
import {
  formatDuration,
  formatHex,
  formatSize,
  type OtakitError,
  systemClock,
} from '../../shared/index.ts';
import { applyChange, type Change, type ChangeOptions } from '../config/apply-change.ts';
import type { OpenTarget } from '../config/open-target.ts';
import type { CliContext } from '../context.ts';
import type { Evidence } from '../follow/evidence.ts';
import { asOtakitError } from '../render-error.ts';

/** What became of one machine config, and of its device. */
export interface PushResult {
  readonly open: OpenTarget;
  /** `null` where it failed before there was one. */
  readonly change: Change | null;
  readonly verdict: DeviceVerdict | null;
  readonly error: OtakitError | null;
}

/** How one push is made. */
export interface PushOneOptions extends ChangeOptions {
  /** What to follow the device by; `null` does not follow it. */
  readonly evidence: Evidence | null;
  readonly silenceMs: number;
  readonly report: (line: string) => void;
}

/** Writes one config and follows its device. Never throws, so that the others go on. */
export async function pushOne(
  open: OpenTarget,
  settingsFor: SettingsFor,
  { evidence, silenceMs, report, ...options }: PushOneOptions,
  context: CliContext,
): Promise<PushResult> {
  const { signal } = context;
  let change: Change | null = null;
  try {
    const marked = evidence === null ? null : await evidence.mark(signal);
    change = await applyChange(open.target, settingsFor, options, context);
    const tag = change.edit?.after.version;
    if (marked === null || !change.written || typeof tag !== 'string') {
      return { open, change, verdict: null, error: null };
    }
    report(`pushed "${tag}", waiting for the device`);
    const url = change.edit?.after.url;
    const verdict = await marked.follow(tag, {
      clock: systemClock,
      silenceMs,
      signal,
      ...(typeof url === 'string' && { url }),
      onStep: stepReporter(report),
    });
    return { open, change, verdict, error: null };
  } catch (thrown) {
    signal.throwIfAborted();
    return { open, change, verdict: null, error: asOtakitError(thrown) };
  }
}

/** A download is reported at every tenth. */
const PROGRESS_STEPS = 10;

function stepReporter(report: (line: string) => void): (step: DeviceStep) => void {
  let lastTenth = 0;
  return (step) => {
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
export function describeVerdict(verdict: DeviceVerdict): string {
  switch (verdict.outcome) {
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
      return `silent: nothing in the log for ${formatDuration(verdict.forMs)}`;
  }
}
