import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import { runCli } from '../../src/cli/index.ts';

/** A command that is still running, such as a server. */
export interface WatchedCli {
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves with the first match in stdout, as soon as it is there; fails when the command ends first. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  /** The same for stderr. */
  waitForStderr(pattern: RegExp): Promise<RegExpExecArray>;
  /** Writes to its standard input, which is a pipe. */
  type(text: string): void;
  /** What Ctrl-C does. */
  interrupt(reason: Error): void;
  /** The exit code, once it has ended. */
  readonly ended: Promise<number>;
}

/** Starts a command line in this process; it is interrupted when the test is over. */
export function watchOtakit(
  args: readonly string[],
  {
    env = {},
    isTTY = false,
    columns = 80,
  }: {
    readonly env?: Readonly<Record<string, string>>;
    readonly isTTY?: boolean;
    readonly columns?: number;
  } = {},
): WatchedCli {
  const text = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  const capture = (name: 'stdout' | 'stderr') => ({
    isTTY,
    columns,
    write: (chunk: string) => {
      text[name] += chunk;
      for (const look of watchers) look();
    },
  });
  const interrupt = new AbortController();
  const stdin = new PassThrough();
  let hasEnded = false;
  const ended = runCli(args, {
    stdout: capture('stdout'),
    stderr: capture('stderr'),
    stdin,
    env,
    signal: interrupt.signal,
  }).finally(() => {
    hasEnded = true;
    for (const look of watchers) look();
  });
  onTestFinished(async () => {
    interrupt.abort(new Error('the test is over'));
    await ended;
  });

  const waitFor = (name: 'stdout' | 'stderr', pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(text[name]);
        if (match === null && !hasEnded) return;
        watchers.delete(look);
        if (match !== null) return resolve(match);
        return reject(new Error(`ended without ${pattern}:\n${text.stdout}\n${text.stderr}`));
      };
      watchers.add(look);
      look();
    });
  return {
    get stdout() {
      return text.stdout;
    },
    get stderr() {
      return text.stderr;
    },
    waitFor: (pattern) => waitFor('stdout', pattern),
    waitForStderr: (pattern) => waitFor('stderr', pattern),
    type: (chunk) => stdin.write(chunk),
    interrupt: (reason) => interrupt.abort(reason),
    ended,
  };
}
