import { Readable } from 'node:stream';
import { CliError } from '../../src/cli/codes.ts';
import { type CliContext, runCli } from '../../src/cli/index.ts';

/** One line of `--json` output of a command that keeps running. */
export type JsonEvent = Readonly<Record<string, unknown>>;

/** A command that runs until it is stopped. */
export interface RunningOtakit extends AsyncDisposable {
  /** The next event of this name that was not returned before; rejects when the command ends first. */
  nextEvent(name: string): Promise<JsonEvent>;
  /** All events so far. */
  readonly events: readonly JsonEvent[];
  /** Interrupts it, as Ctrl-C does, and answers with its exit code. */
  stop(): Promise<number>;
  /** Resolves with the exit code when it ends by itself. */
  readonly ended: Promise<number>;
}

/** Starts a command with `--json` in this process and reads its events as they come. */
export function startOtakit(
  args: readonly string[],
  { env = {} }: { readonly env?: CliContext['env'] } = {},
): RunningOtakit {
  const interrupt = new AbortController();
  const events: JsonEvent[] = [];
  const taken = new Set<JsonEvent>();
  const waiters = new Set<() => void>();
  let text = '';
  let stderr = '';
  const onText = (chunk: string) => {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    events.push(...lines.filter(Boolean).map((line) => JSON.parse(line) as JsonEvent));
    for (const wake of waiters) wake();
  };
  let isOver = false;
  const ended = runCli(args, {
    stdout: { write: onText },
    stderr: { write: (chunk) => (stderr += chunk) },
    stdin: Readable.from([]),
    env,
    signal: interrupt.signal,
  }).finally(() => {
    isOver = true;
    for (const wake of waiters) wake();
  });
  const stop = () => {
    interrupt.abort(new CliError('cli/interrupted', 'interrupted'));
    return ended;
  };
  return {
    events,
    ended,
    stop,
    nextEvent: async (name) => {
      for (;;) {
        const found = events.find((event) => event['event'] === name && !taken.has(event));
        if (found !== undefined) {
          taken.add(found);
          return found;
        }
        if (isOver) throw new Error(`it ended without the event "${name}"\n${stderr}`);
        await new Promise<void>((resolve) => {
          waiters.add(resolve);
        });
      }
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}
