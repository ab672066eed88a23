import {
  type ConfigTarget,
  type EditOptions,
  type MachineConfigCode,
  type OtaEdit,
  type OtaUndo,
  planOtaChange,
  refusalOf,
  type SettingsFor,
  undoOf,
  type UrlCheckOptions,
  updateConfig,
} from '../../machine-config/index.ts';
import { type Issue, systemClock } from '../../shared/index.ts';
import type { CliContext } from '../context.ts';
import { UndoStore } from './undo-store.ts';

/** How a change is made. */
export interface ChangeOptions extends Pick<EditOptions, 'service'>, UrlCheckOptions {
  /** Work it out and check it, but write nothing. */
  readonly dryRun?: boolean;
}

/** What became of a change of the OTA service in one machine config. */
export interface Change {
  readonly issues: readonly Issue<MachineConfigCode>[];
  readonly written: boolean;
  /** `null` where the checks refused it. */
  readonly edit: OtaEdit | null;
  /** The whole text before, for a diff. */
  readonly textBefore: string;
  /** What undoes it; `null` where nothing was written. */
  readonly undo: OtaUndo | null;
}

/**
 * Checks, writes and keeps the old value for `config revert`. An edit that somebody else makes
 * meanwhile survives: the change is checked and made anew on their text.
 */
export async function applyChange(
  target: ConfigTarget,
  settingsFor: SettingsFor,
  options: ChangeOptions,
  { env, signal }: Pick<CliContext, 'env' | 'signal'>,
): Promise<Change> {
  const snapshot = await target.read(signal);
  const plan = planOtaChange(snapshot, settingsFor, options);
  if (plan.edit === null || options.dryRun) {
    return { ...plan, written: false, textBefore: snapshot.text, undo: null };
  }
  const { edit, before } = await updateConfig(
    target,
    (latest) => {
      const { edit, issues } = planOtaChange(latest, settingsFor, options);
      if (edit === null) throw refusalOf(issues);
      return edit;
    },
    signal,
  );
  const at = new Date(systemClock.now()).toISOString();
  const undo = await undoOf(before.text, edit);
  await new UndoStore(env).push(target.id, { at, undo });
  return { issues: plan.issues, written: true, edit, textBefore: before.text, undo };
}
