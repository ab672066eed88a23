import { execFile } from 'node:child_process';

/** What a real tool printed and how it ended. */
export interface PeerResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a real tool to its end; any exit code is a result. */
export function runPeer(
  path: string,
  args: readonly string[],
  { cwd }: { readonly cwd?: string } = {},
): Promise<PeerResult> {
  return new Promise((resolve) => {
    execFile(
      path,
      args,
      { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024, cwd },
      (error, stdout, stderr) =>
        resolve({
          exitCode: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
          stdout,
          stderr: stderr.toString(),
        }),
    );
  });
}
