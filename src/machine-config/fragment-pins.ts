import type { Issue } from '../shared/index.ts';
import type { MachineConfigCode } from './codes.ts';

/** A version of a fragment that stays what it is when the fragment is edited. */
export interface FragmentPin {
  /** The revision (a number) or the tag. */
  readonly version: string;
  /** How many machines are held at it; `null` where the app does not tell. */
  readonly machines: number | null;
}

/** An edit makes a new revision of a fragment, which a machine that names another one does not get. */
export function checkPins(pins: readonly FragmentPin[]): readonly Issue<MachineConfigCode>[] {
  return pins.map(({ version, machines }) => {
    const who =
      machines === null
        ? `machines may use the fragment at its tag "${version}"`
        : `${machines} ${machines === 1 ? 'machine uses' : 'machines use'} the fragment at version "${version}"`;
    const move = /^\d+$/.test(version)
      ? 'Take the version out of their configs, or name the new revision there'
      : `Move the tag "${version}" to the new revision in the Viam app once the build is proven`;
    return {
      code: 'machine-config/fragment-pinned',
      severity: 'warning',
      message: `${who}, and no edit of it gets there`,
      hint: `${move}; or set them one by one with --part.`,
    };
  });
}
