import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./esptool-session.py', import.meta.url));

/** How one command of esptool ended. */
export interface EsptoolResult {
  /** `null` where it succeeded. */
  readonly failure: string | null;
  readonly output: string;
}

/** Real esptool, in one process for many commands. */
export interface EsptoolSession extends AsyncDisposable {
  /** Runs a command whatever comes of it. */
  attempt(...args: readonly string[]): Promise<EsptoolResult>;
  /** Runs a command that must succeed, and resolves with what it printed. */
  run(...args: readonly string[]): Promise<string>;
}

/** @param python the interpreter that has esptool: the peer `peer-python` */
export function openEsptool(python: string): EsptoolSession {
  const process = spawn(python, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  const exited = once(process, 'exit');
  const attempt = async (...args: readonly string[]): Promise<EsptoolResult> => {
    process.stdin.write(`${JSON.stringify(args)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`esptool ended at ${args.join(' ')}`);
    return JSON.parse(value) as EsptoolResult;
  };
  return {
    attempt,
    run: async (...args) => {
      const { failure, output } = await attempt(...args);
      if (failure !== null) throw new Error(`esptool ${args.join(' ')}: ${failure}\n${output}`);
      return output;
    },
    [Symbol.asyncDispose]: async () => {
      process.stdin.end();
      await exited;
    },
  };
}
