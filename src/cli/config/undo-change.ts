import {
  type ConfigTarget,
  type OtaUndo,
  undoEdit,
  updateConfig,
} from '../../machine-config/index.ts';

/**
 * Undoes an edit. Where it is not in the config (any more), nothing is written: the cloud would keep
 * that as one more edit.
 *
 * @returns whether there was anything to undo
 * @throws MachineConfigError `machine-config/changed-since` and what `updateConfig` throws
 */
export async function undoChange(
  target: ConfigTarget,
  undo: OtaUndo,
  signal?: AbortSignal,
): Promise<boolean> {
  const present = await target.read(signal);
  if ((await undoEdit(present.text, undo, present)) === present.text) return false;
  await updateConfig(
    target,
    async (latest) => ({ text: await undoEdit(latest.text, undo, latest) }),
    signal,
  );
  return true;
}
