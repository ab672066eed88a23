import { CommanderError } from 'commander';
import type { OtakitError } from '../shared/index.ts';
import { CliError } from './codes.ts';
import type { CliContext } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { asOtakitError, renderError } from './render-error.ts';

export type { CliContext } from './context.ts';

/**
 * Runs one command line and answers with its exit code. Never throws and never exits the process.
 *
 * @param args the arguments without node and script, such as `['image', 'info', 'app.bin']`
 */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  let exitCode: number = EXIT.done;
  try {
    const setExitCode = (code: number) => {
      exitCode = code;
    };
    const program = await createProgram({ context, setExitCode }, args);
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.done;
    const error = asCliError(thrown, context.signal);
    renderError(error, context, args.includes('--json'));
    return EXIT[error.kind];
  }
}

/** Runs the command line of this process and leaves its exit code in `process.exitCode`. */
export async function runProcess(): Promise<void> {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort(new CliError('cli/interrupted', 'interrupted'));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // A reader that went away (`otakit … | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exitCode = EXIT.done;
  });
  process.exitCode = await runCli(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    signal: interrupt.signal,
  });
  process.off('SIGINT', stop);
  process.off('SIGTERM', stop);
  endWhatIsLeft();
}

const GRACE_MS = 500;

/**
 * The command is over. A call that it gave up may still wait for its answer (the Viam SDK cannot be told
 * to stop), which is no reason to keep anybody waiting.
 */
function endWhatIsLeft(): void {
  const { stdout, stderr } = process;
  setInterval(() => {
    if (stdout.writableLength > 0 || stderr.writableLength > 0) return;
    // oxlint-disable-next-line unicorn/no-process-exit -- there is nobody left to throw to
    process.exit();
  }, GRACE_MS).unref();
}

const HELP_HINT = 'See `otakit --help`, or `--help` after any command.';

function asCliError(thrown: unknown, signal: AbortSignal): OtakitError {
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') {
    return new CliError('cli/usage', 'a command is missing', { hint: HELP_HINT });
  }
  // Work that was aborted rejects in many shapes (AbortError, closed sockets); the cause is Ctrl-C.
  if (signal.aborted && signal.reason instanceof CliError) return signal.reason;
  return asOtakitError(thrown);
}
