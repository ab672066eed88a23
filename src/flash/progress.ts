/** How far a long piece of work on a board has come. The library reports it and draws nothing. */
export interface Progress {
  /** What is being done right now, such as `write ota_0` or `verify nvs`. */
  readonly phase: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** Is told how far long work on a board has come. */
export type OnProgress = (progress: Progress) => void;
