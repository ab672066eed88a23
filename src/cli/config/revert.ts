import {
  type ConfigTarget,
  redactUrl,
  undoEdit,
  updateConfig,
  type KeptSettings,
} from '../../machine-config/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { renderConfigDiff } from './report-change.ts';
import { openTarget } from './open-target.ts';
import type { TargetOptions } from './target-options.ts';
import { UndoStore } from './undo-store.ts';

/** What `otakit config revert` takes. */
export interface RevertOptions extends TargetOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `otakit config revert`. */
export async function revert(options: RevertOptions, context: CliContext): Promise<void> {
  const target = await openTarget(options, context);
  const store = new UndoStore(context.env);
  const kept = (await store.list(target.id)).at(-1);
  if (kept === undefined) throw noKeptEdit(target);
  const { undo, at } = kept;
  if (options.dryRun) {
    const { text, fragments } = await target.read(context.signal);
    const reverted = await undoEdit(text, undo, { fragments });
    if (options.json) report(false);
    else renderConfigDiff(text, reverted, context);
    return;
  }
  await updateConfig(
    target,
    async ({ text, fragments }) => ({ text: await undoEdit(text, undo, { fragments }) }),
    context.signal,
  );
  await store.pop(target.id);
  if (options.json) {
    report(true);
  } else {
    const to =
      undo.before === null
        ? 'removed'
        : undo.before.version === undefined
          ? 'without a version again, as it was'
          : `back at version ${JSON.stringify(undo.before.version)}`;
    context.stdout.write(`${target.label}: service ${undo.service} is ${to} (undone: ${at})\n`);
  }

  function report(written: boolean): void {
    const { service, before, after } = undo;
    const shown = { service, from: masked(after), to: before === null ? null : masked(before) };
    context.stdout.write(
      `${JSON.stringify({ target: target.id, written, at, ...shown }, null, 2)}\n`,
    );
  }
}

/** There is nothing to undo for a target. */
export function noKeptEdit(target: ConfigTarget): CliError {
  return new CliError('cli/usage', `no edit of ${target.label} was made from here`, {
    hint: 'Only edits by `otakit config set`, `push` and `dev` on this machine can be undone.',
    details: { target: target.id },
  });
}

function masked({ url, version }: KeptSettings) {
  return {
    url: typeof url === 'string' ? redactUrl(url) : (url ?? null),
    version: version ?? null,
  };
}
