import {
  type ConfigTarget,
  redactValue,
  shownValue,
  undoEdit,
  type KeptSettings,
} from '../../machine-config/index.ts';
import { printable } from '../../shared/index.ts';
import { CliError } from '../codes.ts';
import type { CliContext } from '../context.ts';
import { renderConfigDiff } from './report-change.ts';
import { openTarget } from './open-target.ts';
import type { TargetOptions } from './target-options.ts';
import { undoChange } from './undo-change.ts';
import { type KeptEdit, UndoStore } from './undo-store.ts';

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
  const isThere = await undoChange(target, undo, context.signal);
  await store.forget(target.id, undo);
  if (options.json) report(isThere);
  else context.stdout.write(`${target.label}: ${isThere ? done(kept) : alreadySo(kept)}\n`);

  function report(written: boolean): void {
    const { service, before, after } = undo;
    const shown = { service, from: masked(after), to: before === null ? null : masked(before) };
    context.stdout.write(
      `${JSON.stringify({ target: target.id, written, at, ...shown }, null, 2)}\n`,
    );
  }
}

function done({ undo: { service, before }, at }: KeptEdit): string {
  return `service ${printable(service)} is ${stateOf(before, 'back ')} (undone: ${at})`;
}

/** The edit was interrupted before the config was written, or somebody undid it by hand. */
function alreadySo({ undo: { service, before }, at }: KeptEdit): string {
  return `nothing to undo, service ${printable(service)} is ${stateOf(before)} already (the edit of ${at} is not in the config)`;
}

function stateOf(before: KeptSettings | null, back = ''): string {
  if (before === null) return 'removed';
  if (before.version === undefined) return 'without a version again, as it was';
  return `${back}at version ${printable(shownValue(before.version))}`;
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
    url: redactValue(url ?? null),
    version: redactValue(version ?? null),
  };
}
