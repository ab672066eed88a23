import { type SettingsFor, uniqueTag } from '../../machine-config/index.ts';
import { systemClock } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { renderIssues } from '../render-issues.ts';
import { applyChange } from './apply-change.ts';
import { imageFacts } from './image-facts.ts';
import { describeChange, renderConfigDiff, summarizeChange } from './report-change.ts';
import { openTarget } from './open-target.ts';
import type { TargetOptions } from './target-options.ts';

/** What `otakit config set` takes. */
export interface SetOptions extends TargetOptions {
  readonly url?: string;
  readonly tag?: string;
  readonly bump?: boolean;
  readonly image?: string;
  readonly service?: string;
  readonly allowLoopback?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `otakit config set`; answers with the exit code. */
export async function set(options: SetOptions, context: CliContext): Promise<number> {
  const target = await openTarget(options, context);
  const change = await applyChange(target, await settingsFrom(options), options, context);
  if (options.json) {
    context.stdout.write(`${JSON.stringify(describeChange(target, change), null, 2)}\n`);
  } else if (change.edit !== null && options.dryRun) {
    renderConfigDiff(change.textBefore, change.edit.text, context);
  } else if (change.edit !== null) {
    context.stdout.write(summarizeChange(target, change.edit));
  }
  renderIssues(change.issues, target.label, context.stderr, context.env);
  return change.edit === null ? EXIT.input : EXIT.done;
}

async function settingsFrom({ url, tag, bump, image }: SetOptions): Promise<SettingsFor> {
  if (tag !== undefined && bump) {
    throw new CliError('cli/usage', '--tag and --bump exclude each other', {
      hint: 'Give the tag, or let --bump make one.',
    });
  }
  if (url === undefined && tag === undefined && !bump) {
    throw new CliError('cli/usage', 'there is nothing to set', {
      hint: 'Give --url, --tag, --bump, or several of them.',
    });
  }
  const time = systemClock.now();
  const facts = image === undefined ? null : await imageFacts(image);
  return (present) => {
    const build = facts ?? { version: baseOf(present) };
    const version = bump ? uniqueTag({ ...build, time, present }) : tag;
    return { ...(url === undefined ? {} : { url }), ...(version === undefined ? {} : { version }) };
  };
}

/** The part of a tag before the time that an earlier `--bump` added. */
function baseOf(tag: string | null): string | null {
  return tag?.replace(/-?\d{8}T\d{6}Z.*$/, '') ?? null;
}
