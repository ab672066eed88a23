import type { FragmentPin } from '../fragment-pins.ts';
import type { Fragments } from '../fragment-use.ts';
import type { ConfigKind } from '../ota-service.ts';

/** A machine config (or a fragment) as it was read, and how to recognise that it changed since. */
export interface ConfigSnapshot {
  readonly kind: ConfigKind;
  /** The JSON text of the config. */
  readonly text: string;
  /** Opaque: `write` refuses when the target has another revision by then. */
  readonly revision: string;
  /** The content of the fragments that the config uses, where the target knows it. */
  readonly fragments: Fragments;
  /** The versions of a fragment that machines are held at: none of them gets what is written. */
  readonly pins: readonly FragmentPin[];
}

/**
 * Where a machine config lives: a file, a part or a fragment in the Viam cloud. All pass the same
 * contract suite.
 */
export interface ConfigTarget {
  /** Stable: `file:/home/me/machine.json`, `part:ID`, `fragment:ID`. */
  readonly id: string;
  /** For people: `machine.json`, `part rover-main (ID)`. */
  readonly label: string;
  /** @throws MachineConfigError when it cannot be read */
  read(signal?: AbortSignal): Promise<ConfigSnapshot>;
  /**
   * Replaces the whole text, unless somebody else did so since `since` was read.
   *
   * @throws MachineConfigError `machine-config/conflict` when somebody did; nothing is written then
   */
  write(text: string, since: ConfigSnapshot, signal?: AbortSignal): Promise<void>;
}
