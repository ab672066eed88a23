import { type DeviceStep, type DeviceVerdict, redactText } from '../../machine-config/index.ts';
import { formatCount, formatDuration, formatHex, formatSize } from '../../shared/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { DownloadedVerdict } from './downloads.ts';

/** How following a device ended, by its log or, where that cannot be read, by its download. */
export type FollowVerdict = DeviceVerdict | DownloadedVerdict;

/** How a verdict counts for the exit code. */
export const VERDICT_EXIT = {
  updated: EXIT.done,
  rebooted: EXIT.done,
  downloaded: EXIT.done,
  refused: EXIT.device,
  'fell-back': EXIT.verification,
  unconfirmed: EXIT.verification,
  silent: EXIT.network,
} as const;

/** A step that is shown as it comes. */
type ShownStep = Exclude<DeviceStep, { kind: 'earlier-fell-back' }>;

/** What the server shows as well, and sooner. */
const OF_DOWNLOADS: ReadonlySet<string> = new Set(['downloading', 'progress', 'downloaded']);
/** A download is reported at every tenth. */
const PROGRESS_STEPS = 10;

/** Says what a device does, step by step, each once. */
export function stepReporter(
  report: (line: string) => void,
  isSeenElsewhere: () => boolean,
): (step: ShownStep) => void {
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

function describeStep(step: Exclude<ShownStep, { kind: 'progress' }>): string {
  switch (step.kind) {
    case 'connecting':
      return `connecting (attempt ${step.attempt})`;
    case 'downloading':
      return 'downloading';
    case 'downloaded':
      return `downloaded ${formatSize(step.sizeBytes)}`;
    case 'stored':
      return `stored as "${step.tag}"`;
    case 'confirmed':
      return `the new build runs: ${redactText(step.line)}`;
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
export function describeVerdict(verdict: FollowVerdict): string {
  switch (verdict.outcome) {
    case 'downloaded': {
      const { device, sizeBytes } = verdict;
      return `downloaded: ${device} has all ${formatCount(sizeBytes)} bytes; no log shows whether it runs them`;
    }
    case 'updated': {
      const { flashOffset } = verdict;
      const slot = flashOffset === null ? '' : ` from the slot at ${formatHex(flashOffset)}`;
      return `updated: the device runs the new build${slot}`;
    }
    case 'rebooted':
      return (
        'rebooted: the device booted with the new tag; its log does not show which slot runs, ' +
        'so it may be the old build (--expect or --monitor would tell)'
      );
    case 'unconfirmed':
      return (
        'unconfirmed: the device booted with the new tag, but ' +
        `"${verdict.expected}" did not come in its log, so the old slot may run`
      );
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
