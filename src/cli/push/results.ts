import { describeChange, renderConfigDiff, summarizeChange } from '../config/report-change.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { renderError } from '../render-error.ts';
import { renderIssues } from '../render-issues.ts';
import { textTable } from '../text-table.ts';
import { redactText } from '../../machine-config/index.ts';
import { printable } from '../../shared/index.ts';
import { describeVerdict, VERDICT_EXIT } from '../follow/describe-device.ts';
import type { PushResult } from './push-one.ts';

/** How one push counts for the exit code. */
export function exitCodeOf({ change, verdict, error }: PushResult): number {
  if (error !== null) return EXIT[error.kind];
  if (change === null || change.edit === null) return EXIT.input;
  return verdict === null ? EXIT.done : VERDICT_EXIT[verdict.outcome];
}

/** The stable shape of one result for `--json`. */
export function describeResult({ open, change, verdict, issues, error }: PushResult) {
  const nothing = {
    target: open.target.id,
    written: false,
    service: null,
    before: null,
    after: null,
    issues: [],
  };
  const described = change === null ? nothing : describeChange(open.target, change);
  return {
    ...described,
    issues: [...described.issues, ...issues],
    verdict: verdict?.outcome === 'refused' ? masked(verdict) : verdict,
    error:
      error === null
        ? null
        : { code: error.code, message: error.message, hint: error.hint ?? null },
  };
}

/** Devices log the URL of a config that they refuse, with its token. */
function masked<Refusal extends { readonly message: string }>(verdict: Refusal): Refusal {
  return { ...verdict, message: redactText(verdict.message) };
}

/** One result for people. */
export function renderResult(
  { open: { target }, change, verdict, issues, error }: PushResult,
  { dryRun }: { readonly dryRun?: boolean },
  context: CliContext,
): void {
  if (change?.edit && dryRun) renderConfigDiff(change.textBefore, change.edit.text, context);
  else if (change?.edit) context.stdout.write(summarizeChange(target, change.edit));
  if (change !== null) renderIssues(change.issues, target.label, context.stderr, context.env);
  renderIssues(issues, target.label, context.stderr, context.env);
  if (verdict !== null) {
    context.stdout.write(`${target.label}: ${printable(describeVerdict(verdict))}\n`);
  }
  if (error !== null) renderError(error, context, false);
}

/** All results at a glance. */
export function renderSummary(results: readonly PushResult[], { stdout }: CliContext): void {
  const rows = results.map((result) => [result.open.target.label, outcome(result)]);
  stdout.write(`\n${textTable([{ title: 'target' }, { title: 'outcome' }], rows)}\n`);
  const failed = results.filter((result) => exitCodeOf(result) !== EXIT.done).length;
  stdout.write(`${results.length - failed} of ${results.length} done\n`);
}

function outcome({ change, verdict, error }: PushResult): string {
  if (error !== null) return `failed (${error.code})`;
  if (change === null || change.edit === null) return 'refused by a check';
  if (verdict !== null) return verdict.outcome;
  return change.written ? 'pushed' : 'would be pushed';
}
