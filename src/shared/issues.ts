/** How much an issue matters: an error means "a device could not take this". */
export type Severity = 'error' | 'warning' | 'info';

/**
 * One finding of a validation. `validateX` functions return all of them instead of throwing at the
 * first, so that a user can mend everything in one go.
 */
export interface Issue<Code extends string = string> {
  /** Stable, documented in the README: `module/what-is-wrong`. */
  readonly code: Code;
  readonly severity: Severity;
  /** What is wrong, with the numbers. */
  readonly message: string;
  /** What to do next. */
  readonly hint: string;
  /** Where it is, when the thing looked at has places: a line and column (from 1), or a byte offset. */
  readonly location?: IssueLocation;
}

/** A place in a text (line and column count from 1) or in a binary (bytes from its start). */
export type IssueLocation =
  | { readonly kind: 'text'; readonly line: number; readonly column: number }
  | { readonly kind: 'binary'; readonly fileOffset: number };

/** Whether anything among the issues would keep a device from taking the thing. */
export function hasErrors(issues: readonly Issue[]): boolean {
  return issues.some((issue) => issue.severity === 'error');
}
