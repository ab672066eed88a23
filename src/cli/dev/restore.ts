import type { ConfigTarget, OtaUndo } from '../../machine-config/index.ts';
import { undoChange } from '../config/undo-change.ts';
import type { CliContext } from '../context.ts';
import { UndoStore } from '../config/undo-store.ts';

/** All pushes of one run, to be undone at its end. */
export class Undoing {
  readonly #pushes: { readonly target: ConfigTarget; undo: OtaUndo | null }[] = [];

  /** One more push; what it answers is to be told what undoes it, as soon as it may be written. */
  begin(target: ConfigTarget): (undo: OtaUndo | null) => void {
    const push: { readonly target: ConfigTarget; undo: OtaUndo | null } = { target, undo: null };
    this.#pushes.push(push);
    return (undo) => {
      push.undo = undo;
    };
  }

  /**
   * Undoes every push, the last one first; answers with the targets that are as they were before. One
   * that somebody else has set since is left as it is.
   */
  async restore(
    env: CliContext['env'],
    onFailure: (target: ConfigTarget, cause: unknown) => void,
  ): Promise<readonly string[]> {
    const store = new UndoStore(env);
    const restored = new Set<string>();
    const failed = new Set<string>();
    for (const { target, undo } of this.#pushes.toReversed()) {
      if (undo === null || failed.has(target.id)) continue;
      try {
        // Ctrl-C has ended everything else, so this must not listen to it.
        await undoChange(target, undo);
        await store.forget(target.id, undo);
        restored.add(target.id);
      } catch (cause) {
        failed.add(target.id);
        restored.delete(target.id);
        onFailure(target, cause);
      }
    }
    return [...restored];
  }
}
