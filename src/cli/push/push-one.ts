import { earlierFellBack, type SettingsFor } from '../../machine-config/index.ts';
import { type Issue, type OtakitError, systemClock } from '../../shared/index.ts';
import { applyChange, type Change, type ChangeOptions } from '../config/apply-change.ts';
import type { OpenTarget } from '../config/open-target.ts';
import type { CliContext } from '../context.ts';
import { type FollowVerdict, stepReporter } from '../follow/describe-device.ts';
import type { DownloadWatch } from '../follow/downloads.ts';
import type { Evidence } from '../follow/evidence.ts';
import { asOtakitError } from '../render-error.ts';

/** What became of one machine config, and of its device. */
export interface PushResult {
  readonly open: OpenTarget;
  /** `null` where it failed before there was one. */
  readonly change: Change | null;
  readonly verdict: FollowVerdict | null;
  /** What the device's log says beside that. */
  readonly issues: readonly Issue[];
  readonly error: OtakitError | null;
}

/** How one push is made. */
export interface PushOneOptions extends ChangeOptions {
  /** The log to follow the device by, where there is one. */
  readonly evidence: Evidence | null;
  /** The downloads to follow it by, where a server of ours tells of them. */
  readonly downloads: DownloadWatch | null;
  readonly silenceMs: number;
  /** A text that only the new build logs. */
  readonly expect?: string;
  readonly report: (line: string) => void;
}

/** Writes one config and follows its device. Never throws, so that the others go on. */
export async function pushOne(
  open: OpenTarget,
  settingsFor: SettingsFor,
  { evidence, downloads, silenceMs, expect, report, ...options }: PushOneOptions,
  context: CliContext,
): Promise<PushResult> {
  const { signal } = context;
  const issues: Issue[] = [];
  let change: Change | null = null;
  try {
    const marked = evidence === null ? null : await evidence.mark(signal);
    change = await applyChange(open.target, settingsFor, options, context);
    const tag = change.edit?.after.version;
    const isFollowed = marked !== null || downloads !== null;
    if (!isFollowed || !change.written || typeof tag !== 'string') {
      return { open, change, verdict: null, issues, error: null };
    }
    report(`pushed "${tag}", waiting for the device`);
    const url = change.edit?.after.url;
    const show = stepReporter(report, () => downloads !== null && downloads.heardMs !== null);
    const limits = { clock: systemClock, silenceMs, signal };
    const verdict =
      (await marked?.follow(tag, {
        ...limits,
        ...(typeof url === 'string' && { url }),
        ...(expect !== undefined && { expect }),
        onStep: (step) => {
          if (step.kind === 'earlier-fell-back') issues.push(earlierFellBack(step.flashOffset));
          else show(step);
        },
        heardMs: () => downloads?.heardMs ?? null,
      })) ??
      (await downloads?.untilComplete(limits)) ??
      null;
    return { open, change, verdict, issues, error: null };
  } catch (thrown) {
    if (signal.aborted && change?.written === true) {
      report(
        'only the following is stopped: the tag stays; `otakit config revert` undoes the push',
      );
    }
    signal.throwIfAborted();
    return { open, change, verdict: null, issues, error: asOtakitError(thrown) };
  }
}
