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
import { type Issue, type OtakitError, systemClock } from '../../shared/index.ts';
import type { CliContext } from '../context.ts';
import { UndoStore } from './undo-store.ts';

/** How a change is made. */
export interface ChangeOptions extends Pick<EditOptions, 'service'>, UrlCheckOptions {
  /** Work it out and check it, but write nothing. */
  readonly dryRun?: boolean;
  /** Told what undoes the write, right before it; `null` where it did not happen after all. */
  readonly onUndo?: (undo: OtaUndo | null) => void;
}

/** What became of a change of the OTA service in one machine config. */
export interface Change {
  readonly issues: readonly Issue<MachineConfigCode>[];
  readonly written: boolean;
  /** `null` where the checks refused it. */
  readonly edit: OtaEdit | null;
  /** The whole text before, for a diff. */
  readonly textBefore: string;
}

/**
 * With these nothing was written (a key that may write may read as well). With any other the write may
 * have come through, and what failed was its answer or the look at what became of it; an edit kept in
 * vain does no harm.
 */
const NOT_WRITTEN: ReadonlySet<string> = new Set([
  'machine-config/conflict',
  'machine-config/read-only',
  'machine-config/other-owner',
  'machine-config/not-permitted',
]);

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
    return { ...plan, written: false, textBefore: snapshot.text };
  }
  const kept = new KeptBeforehand(target, env, options.onUndo);
  try {
    const { edit, before } = await updateConfig(
      target,
      async (latest) => {
        const { edit, issues } = planOtaChange(latest, settingsFor, options);
        // Asked a second time, the write before was refused.
        await kept.forget();
        if (edit === null) throw refusalOf(issues);
        await kept.keep(await undoOf(latest.text, edit));
        return edit;
      },
      signal,
    );
    return { issues: plan.issues, written: true, edit, textBefore: before.text };
  } catch (thrown) {
    if (NOT_WRITTEN.has((thrown as OtakitError).code)) await kept.forget();
    throw thrown;
  }
}

/**
 * What undoes an edit is kept before the edit is made, so that whatever ends this process meanwhile
 * leaves a config that can be put back.
 */
class KeptBeforehand {
  readonly #target: ConfigTarget;
  readonly #store: UndoStore;
  readonly #onUndo: (undo: OtaUndo | null) => void;
  #undo: OtaUndo | null = null;

  constructor(
    target: ConfigTarget,
    env: CliContext['env'],
    onUndo: ChangeOptions['onUndo'] = () => {},
  ) {
    this.#target = target;
    this.#store = new UndoStore(env);
    this.#onUndo = onUndo;
  }

  async keep(undo: OtaUndo): Promise<void> {
    const at = new Date(systemClock.now()).toISOString();
    await this.#store.push(this.#target.id, { at, undo });
    this.#undo = undo;
    this.#onUndo(undo);
  }

  async forget(): Promise<void> {
    const undo = this.#undo;
    if (undo === null) return;
    this.#undo = null;
    this.#onUndo(null);
    await this.#store.forget(this.#target.id, undo);
  }
}
