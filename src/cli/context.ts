import type { Readable } from 'node:stream';

/** Where a command's text goes. `process.stdout` is one; tests pass a buffer. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** `false` once whoever read it has gone away. */
  readonly writable?: boolean | undefined;
}

/** Everything a command may touch of the process it runs in. */
export interface CliContext {
  /** Results, and nothing else. */
  readonly stdout: OutputStream;
  /** Everything that is not a result: progress, warnings, errors. */
  readonly stderr: OutputStream;
  readonly stdin: Readable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C or SIGTERM; long commands end cleanly on it. */
  readonly signal: AbortSignal;
}

/** Colours only on a terminal, and only without `NO_COLOR` (see no-color.org). */
export function wantsColour(stream: OutputStream, env: CliContext['env']): boolean {
  return stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}
