/** One function that must bear any input. Files in this folder export theirs as `targets`. */
export interface FuzzTarget {
  /** `module/what`, such as `partition-table/inspect`. */
  readonly name: string;
  /** Good inputs, from which the bad ones are made. */
  readonly seeds: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Words of a text format to throw in. */
  readonly words?: readonly string[];
  /** Throws or rejects only where the input uncovered a bug. */
  readonly run: (input: Uint8Array) => unknown;
}

/** For functions that throw on bad input: runs one, and lets only errors of these classes pass. */
export async function mayThrow(
  expected: readonly (abstract new (...args: never[]) => Error)[],
  action: () => unknown,
): Promise<void> {
  try {
    await action();
  } catch (thrown) {
    if (!expected.some((kind) => thrown instanceof kind)) throw thrown;
  }
}
