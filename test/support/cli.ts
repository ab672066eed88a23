import { Readable } from 'node:stream';
import { type CliContext, runCli } from '../../src/cli/index.ts';

/** What one command line printed and how it ended. */
export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, with its output captured. */
export async function otakit(
  args: readonly string[],
  {
    signal = new AbortController().signal,
    env = {},
    stdin = [],
  }: {
    readonly signal?: AbortSignal;
    readonly env?: CliContext['env'];
    readonly stdin?: readonly (string | Uint8Array)[];
  } = {},
): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  const exitCode = await runCli(args, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    stdin: Readable.from(stdin),
    env,
    signal,
  });
  return { exitCode, stdout, stderr };
}
