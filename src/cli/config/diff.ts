import { parseMachineConfig, sameJson, undoEdit } from '../../machine-config/index.ts';
import type { CliContext } from '../context.ts';
import { fileTarget } from '../../machine-config/index.ts';
import { noKeptEdit } from './revert.ts';
import { renderConfigDiff } from './report-change.ts';
import { openTarget } from './open-target.ts';
import type { TargetOptions } from './target-options.ts';
import { UndoStore } from './undo-store.ts';

/** What `otakit config diff` takes. */
export interface DiffOptions extends TargetOptions {
  readonly with?: string;
  readonly json?: boolean;
}

/** `otakit config diff`: from the other file, or the config before the last edit, to the config. */
export async function diff(options: DiffOptions, context: CliContext): Promise<void> {
  const target = await openTarget(options, context);
  const { text, fragments } = await target.read(context.signal);
  const other =
    options.with === undefined
      ? await beforeLastEdit()
      : (await fileTarget(options.with).read(context.signal)).text;
  const same = sameJson(parseMachineConfig(other).value, parseMachineConfig(text).value);
  if (options.json) {
    const report = { target: target.id, same, sameText: other === text };
    context.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } else {
    renderConfigDiff(other, text, context);
  }

  async function beforeLastEdit(): Promise<string> {
    const kept = (await new UndoStore(context.env).list(target.id)).at(-1);
    if (kept === undefined) throw noKeptEdit(target);
    return undoEdit(text, kept.undo, { fragments });
  }
}
