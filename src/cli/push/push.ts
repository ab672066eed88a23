import {
  checkOtaUrl,
  preflightUrl,
  type SettingsFor,
  uniqueTag,
} from '../../machine-config/index.ts';
import { hasErrors, type Issue, printable, systemClock } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import { imageFacts } from '../config/image-facts.ts';
import { type OpenTarget, openTargets } from '../config/open-target.ts';
import type { TargetOptions } from '../config/target-options.ts';
import type { CliContext } from '../context.ts';
import { durationOption } from '../duration-option.ts';
import { EXIT } from '../exit-codes.ts';
import { collectEvidence } from '../follow/evidence.ts';
import { followView, watchDownloads } from '../follow/follow-view.ts';
import { toJson } from '../json.ts';
import { renderIssues } from '../render-issues.ts';
import { pushOne, type PushResult } from './push-one.ts';
import { describeResult, exitCodeOf, renderResult, renderSummary } from './results.ts';

/** What `otakit push` takes. */
export interface PushOptions extends TargetOptions {
  readonly url: string;
  readonly tag?: string;
  readonly bump?: boolean;
  readonly image?: string;
  readonly service?: string;
  readonly preflight: boolean;
  readonly allowLoopback?: boolean;
  readonly dryRun?: boolean;
  readonly follow?: boolean;
  readonly monitor?: string;
  readonly log?: string;
  readonly expect?: string;
  readonly silence: string;
  readonly json?: boolean;
}

/** `otakit push`; answers with the exit code. */
export async function push(options: PushOptions, context: CliContext): Promise<number> {
  const silenceMs = durationOption('--silence', options.silence);
  const settingsFor = await settingsOf(options);
  const targets = await openTargets(options, context);
  refuseStrangeConsole(options, targets);

  const issues = await checkUrl(options, context);
  if (hasErrors(issues)) {
    renderIssues(issues, 'URL', context.stderr, context.env);
    if (options.json) context.stdout.write(toJson({ issues, results: [] }));
    return EXIT.input;
  }
  renderIssues(issues, 'URL', context.stderr, context.env);

  const view = followView(options.json === true, context);
  const { say } = view;
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const downloads = options.follow ? await watchDownloads(options.url, view, signal) : null;
  const evidence = options.follow
    ? collectEvidence(targets, options, signal, (name, cause) =>
        say(`the console ${name} can be read no longer: ${String(cause)}`),
      )
    : [];
  if (downloads === null) refuseToFollowUnseen(options, targets);
  const onlyOne = targets.length === 1;
  const results = await Promise.all(
    targets.map((open, index) => {
      const prefix = onlyOne ? '' : `${open.target.label}: `;
      const report = (line: string) => say(printable(prefix + line));
      return pushOne(
        open,
        settingsFor,
        { ...options, evidence: evidence[index] ?? null, downloads, silenceMs, report },
        context,
      );
    }),
  ).finally(() => {
    over.abort();
    view.close();
  });
  if (options.json) context.stdout.write(toJson({ issues, results: results.map(describeResult) }));
  else renderAll(results, options, context);
  return Math.max(...results.map(exitCodeOf));
}

function renderAll(
  results: readonly PushResult[],
  options: PushOptions,
  context: CliContext,
): void {
  for (const result of results) renderResult(result, options, context);
  if (results.length > 1) renderSummary(results, context);
}

async function settingsOf({ url, tag, bump, image }: PushOptions): Promise<SettingsFor> {
  if ((tag === undefined) === !bump) {
    throw new CliError(
      'cli/usage',
      tag === undefined ? 'there is no tag' : '--tag and --bump exclude each other',
      {
        hint: 'Give the tag with --tag, or let --bump make one.',
      },
    );
  }
  if (tag !== undefined) return () => ({ url, version: tag });
  const facts = image === undefined ? {} : await imageFacts(image);
  const time = systemClock.now();
  return (present) => ({ url, version: uniqueTag({ ...facts, time, present }) });
}

/** A URL that is no good is refused before the cloud is asked for anything. */
async function checkUrl(
  { url, preflight, allowLoopback = false }: PushOptions,
  { signal }: CliContext,
): Promise<readonly Issue[]> {
  const issues = checkOtaUrl(url, { allowLoopback });
  // The warnings come again with each config.
  if (hasErrors(issues)) return issues;
  if (!preflight) return [];
  return (await preflightUrl(url, { allowLoopback, signal })).issues;
}

function refuseStrangeConsole(
  { follow, monitor, log, expect }: PushOptions,
  targets: readonly OpenTarget[],
): void {
  if (expect !== undefined && !follow) {
    throw new CliError('cli/usage', '--expect is about what --follow reads', {
      hint: 'Add --follow, or leave --expect out.',
    });
  }
  const isConsole = monitor !== undefined || log !== undefined;
  if (
    isConsole &&
    (!follow || targets.length > 1 || (monitor !== undefined && log !== undefined))
  ) {
    throw new CliError('cli/usage', 'a console shows one device, and only with --follow', {
      hint: 'Name one target with --follow and one of --monitor and --log.',
    });
  }
}

function refuseToFollowUnseen(
  { follow, monitor, log }: PushOptions,
  targets: readonly OpenTarget[],
): void {
  const isConsole = monitor !== undefined || log !== undefined;
  if (!follow || isConsole || targets.every(({ partId }) => partId !== null)) return;
  throw new CliError('cli/usage', '--follow has nothing to read the device by', {
    hint: 'Name a --part, whose log it reads, the console of the board with --monitor or --log, or a --url of `otakit serve`.',
  });
}
