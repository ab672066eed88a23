/**
 * How far a long piece of work has come. The library reports these and draws nothing; the CLI turns
 * them into a bar on a terminal and into one line per phase elsewhere.
 */
export interface Progress {
  /** What is being done right now, such as `download` or `verify`. */
  readonly phase: string;
  readonly doneBytes: number;
  /** `null` where it is not known in advance. */
  readonly totalBytes: number | null;
}

export type OnProgress = (progress: Progress) => void;
